import type { TerraformStack } from 'cdktf';
import { BigQueryRawStore } from '../../../../gcp/store/bigquery/bigquery-raw-store';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { BigQueryUpsertStore } from '../../../../gcp/store/bigquery/bigquery-upsert-store';
import type { Refusals } from '../../../support/refusals';
import { site as gcp } from '../../stand-ins';

const WITHIN = [
  [{ name: 'a', type: 'RECORD' }],
  [{ name: 'a', type: 'RECORD', columns: [] }],
  [{ name: 'a', type: 'RECORD', columns: ['x'] }],
  [{ name: 'a', type: 'RECORD', columns: [null] }],
  [{ name: 'a', type: 'STRING', mode: 'REQUIRED' }],
  [{ name: 'a', type: 'STRING', mode: 5 }],
  [{ name: 'a', type: 'STRING', policyTag: 'x' }],
  [{ name: 'a', type: 'STRING', policyTag: 5 }],
  [{ name: 'a', type: 'STRING', policyTag: null }],
];
const COLUMNS = [
  '',
  'x',
  5,
  {},
  [''],
  [{}],
  [null],
  [{ name: 'a', type: 'STRING', description: '' }],
  [{ name: 'a', type: 'STRING', description: 5 }],
  [{ name: '', type: 'STRING' }],
  [{ name: 'a', type: 'TEXT' }],
  [{ name: 5, type: 'STRING' }],
  ...WITHIN,
];

export const refusals = (terraform: TerraformStack): Refusals => {
  return {
    constructs: {
      BigQueryStore: {
        settings: {
          site: 'neighbour',
          name: 'text',
          tableId: 'text',
          viewId: 'text',
          openViewId: 'text',
          columns: COLUMNS,
          retentionDays: 'number',
          undeleteWindowDays: 'number',
          encryptionKey: 'text',
          datasetId: 'text',
          removal: 'choice',
        },
        calculated: ['retentionDays', 'undeleteWindowDays'],
        make: (id, props) => new BigQueryStore(terraform, id, { site: gcp, ...props }),
      },
      BigQueryUpsertStore: {
        settings: {
          site: 'neighbour',
          name: 'text',
          columns: COLUMNS,
          key: ['', 'subject', 5, {}, [], [''], [5], [{}], ['data'], ['event_source', 'event_source']],
          maxStalenessMinutes: 'number',
          undeleteWindowDays: 'number',
          encryptionKey: 'text',
          datasetId: 'text',
          removal: 'choice',
        },
        calculated: ['maxStalenessMinutes', 'undeleteWindowDays'],
        make: (id, props) => new BigQueryUpsertStore(terraform, id, { site: gcp, ...props }),
      },
      BigQueryRawStore: {
        settings: {
          site: 'neighbour',
          name: 'text',
          tableId: 'text',
          viewId: 'text',
          rejectedId: 'text',
          retentionDays: 'number',
          undeleteWindowDays: 'number',
          encryptionKey: 'text',
          datasetId: 'text',
          removal: 'choice',
        },
        calculated: ['retentionDays', 'undeleteWindowDays'],
        make: (id, props) => new BigQueryRawStore(terraform, id, { site: gcp, ...props }),
      },
    },
  };
};
