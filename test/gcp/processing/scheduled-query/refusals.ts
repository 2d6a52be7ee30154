import type { TerraformStack } from 'cdktf';
import { QueryJob } from '../../../../gcp/processing/scheduled-query/query-job';
import { ScheduledQuery } from '../../../../gcp/processing/scheduled-query/scheduled-query';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const [raw, clean] = ['queryraw', 'queryclean'].map((name) => new BigQueryStore(terraform, name, { site, name }));
  const needed = { site, reads: { RAW: raw! }, writes: { CLEAN: clean! }, query: () => 'MERGE' };
  return {
    constructs: {
      QueryJob: {
        settings: {
          site: 'neighbour',
          name: 'text',
          reads: 'stores',
          writes: 'stores',
          query: ['', 'SELECT 1', 5, {}, null],
          timeoutSeconds: 'number',
        },
        calculated: ['timeoutSeconds'],
        make: (id, props) => new QueryJob(terraform, id, { ...needed, ...props }),
      },
      ScheduledQuery: {
        settings: {
          site: 'neighbour',
          name: 'text',
          reads: 'stores',
          writes: 'stores',
          query: ['', 'SELECT 1', 5, {}, null],
          every: ['', 'hourly', '0 3 * * *', 'every 0 hours', 'every 4 minutes', 'two\nlines', 5],
          startTime: ['', 'now', '2026-01-01', 'two\nlines', 5],
          paused: 'neighbour',
          notify: 'texts',
        },
        make: (id, props) => new ScheduledQuery(terraform, id, { ...needed, ...props }),
      },
    },
  };
};
