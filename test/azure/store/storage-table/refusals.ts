import type { TerraformStack } from 'cdktf';
import { StorageTableStore } from '../../../../azure/store/storage-table/storage-table-store';
import type { Refusals } from '../../../support/refusals';
import { site as azure } from '../../stand-ins';

export const refusals = (terraform: TerraformStack): Refusals => ({
  constructs: {
    StorageTableStore: {
      settings: {
        site: 'neighbour',
        name: 'text',
        lookUpBy: ['', ' ', 'two\nlines', 'RowKey', 'timestamp', 'press-7', '7', 'X'.repeat(101), 5, true, [], {}],
        redundancy: 'choice',
        accountId: 'text',
        notify: 'texts',
        removal: 'choice',
        lock: [1, 'yes', {}],
      },
      make: (id, props) => new StorageTableStore(terraform, id, { site: azure, ...props }),
    },
  },
});
