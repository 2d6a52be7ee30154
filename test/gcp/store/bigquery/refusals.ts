import type { TerraformStack } from 'cdktf';
import { BigQueryRawStore } from '../../../../gcp/store/bigquery/bigquery-raw-store';
import { BigQueryStore } from '../../../../gcp/store/bigquery/bigquery-store';
import { BigQueryUpsertStore } from '../../../../gcp/store/bigquery/bigquery-upsert-store';
import type { Refusals } from '../../../support/refusals';
import { site as gcp } from '../../stand-ins';

const COLUMNS = ['', 'x', 5, {}, [''], [{}], [{ name: '', type: 'STRING' }], [{ name: 'a', type: 'TEXT' }], [{ name: 5, type: 'STRING' }]];

export const refusals = (terraform: TerraformStack): Refusals => {
  return {
    constructs: {
      BigQueryStore: {
        settings: {
          site: 'neighbour',
          name: 'text',
          tableId: 'text',
          viewId: 'text',
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
