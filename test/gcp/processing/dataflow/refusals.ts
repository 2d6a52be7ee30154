import type { TerraformStack } from 'cdktf';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { DataflowJob } from '../../../../gcp/processing/dataflow/dataflow-job';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import eventSchema from '../../../../shared/runtime/event.schema.json';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

const subnetwork = 'projects/acme-net/regions/europe-west1/subnetworks/workers';

export const refusals = (terraform: TerraformStack): Refusals => {
  const source = new PubSubBuffer(terraform, 'dataflowevents', { site, name: 'dataflowevents' });
  const store = new BigQueryStore(terraform, 'dataflowrows', { site, name: 'dataflowrows' });
  const needed = { site, source, store, eventSchema, network: { subnetwork } };
  return {
    constructs: {
      DataflowJob: {
        settings: {
          site: 'neighbour',
          source: 'neighbour',
          store: 'neighbour',
          eventSchema: ['', 5, [], {}, { properties: { id: { format: 'uuid' } } }],
          network: [
            undefined,
            null,
            '',
            'default',
            5,
            {},
            { network: 'projects/acme-net/global/networks/inner' },
            { subnetwork: 'default' },
          ],
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
