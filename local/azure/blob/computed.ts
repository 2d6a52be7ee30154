import type { ComputedByType } from '../../template/open-terraform';
import { idOf } from '../foundation/ids';

export const COMPUTED: ComputedByType = {
  azurerm_storage_account: (resource) => ({ id: idOf(resource, 'Microsoft.Storage/storageAccounts') }),
  azurerm_storage_container: ({ properties: { storage_account_id, name } }) => ({
    id: `${storage_account_id}/blobServices/default/containers/${name}`,
  }),
};
