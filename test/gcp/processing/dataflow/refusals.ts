import type { TerraformStack } from 'cdktf';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { DataflowJob } from '../../../../gcp/processing/dataflow/dataflow-job';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import eventSchema from '../../../../shared/runtime/event.schema.json';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => {
  const source = new PubSubBuffer(terraform, 'dataflowevents', { site, name: 'dataflowevents' });
  const store = new BigQueryStore(terraform, 'dataflowrows', { site, name: 'dataflowrows' });
  const needed = { site, source, store, eventSchema, subnetwork: 'projects/acme-net/regions/europe-west1/subnetworks/workers' };
  return {
    constructs: {
      DataflowJob: {
        settings: {
          site: 'neighbour',
          source: 'neighbour',
          store: 'neighbour',
          eventSchema: ['', 5, [], {}, { properties: { id: { format: 'uuid' } } }],
          subnetwork: 'text',
          name: 'text',
          maxWorkers: 'number',
          machineType: 'text',
          templateVersion: 'text',
          notify: 'texts',
          removal: 'choice',
        },
        make: (id, props) => new DataflowJob(terraform, id, { ...needed, ...props }),
      },
    },
  };
};
