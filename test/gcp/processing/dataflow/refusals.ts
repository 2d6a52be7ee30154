import type { TerraformStack } from 'cdktf';
import { PubSubBuffer } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { DataflowFiles } from '../../../../gcp/processing/dataflow/dataflow-files';
import { DataflowJob } from '../../../../gcp/processing/dataflow/dataflow-job';
import { DataflowLoad } from '../../../../gcp/processing/dataflow/dataflow-load';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import eventSchema from '../../../../shared/runtime/event.schema.json';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

const subnetwork = 'projects/acme-net/regions/europe-west1/subnetworks/workers';

export const refusals = (terraform: TerraformStack): Refusals => {
  const source = new PubSubBuffer(terraform, 'dataflowevents', { site, name: 'dataflowevents' });
  const store = new BigQueryStore(terraform, 'dataflowrows', { site, name: 'dataflowrows' });
  const files = new CloudStorageStore(terraform, 'dataflowfiles', { site, name: 'dataflowfiles' });
  const network = { subnetwork };
  const rows = { site, source, store, eventSchema, network };
  const worker = {
    maxWorkers: 'number',
    machineType: 'text',
    templateVersion: 'text',
    encryptionKey: 'text',
  } as const;
  const networks = [
    ...[undefined, null, '', 'default', 5, {}],
    { network: 'projects/acme-net/global/networks/inner' },
    { subnetwork: 'default' },
  ];
  const schemas = ['', 5, [], {}, { properties: { id: { format: 'uuid' } } }];
  return {
    constructs: {
      DataflowJob: {
        settings: {
          ...{ site: 'neighbour', source: 'neighbour', store: 'neighbour', eventSchema: schemas, network: networks, name: 'text' },
          ...worker,
          notify: 'texts',
          removal: 'choice',
        },
        make: (id, props) => new DataflowJob(terraform, id, { ...rows, ...props }),
      },
      DataflowFiles: {
        settings: {
          ...{ site: 'neighbour', source: 'neighbour', store: 'neighbour', network: networks, name: 'text' },
          ...{ windowMinutes: 'number', filesPerWindow: 'number' },
          ...worker,
          googleBeta: ['', 'google-beta', 5, true, {}],
          notify: 'texts',
        },
        make: (id, props) => new DataflowFiles(terraform, id, { site, source, store: files, network, ...props }),
      },
      DataflowLoad: {
        settings: {
          ...{ site: 'neighbour', source: 'neighbour', store: 'neighbour', eventSchema: schemas, network: networks, files: 'text' },
          schedule: [{ cron: '' }, { cron: '@daily' }, { cron: '0 3 * * *', timeZone: 'x' }, { cron: '0 3 * * *', maxRetries: 9 }],
          name: 'text',
          ...worker,
          notify: 'texts',
          removal: 'choice',
        },
        make: (id, props) => new DataflowLoad(terraform, id, { ...rows, source: files, ...props }),
      },
    },
  };
};
