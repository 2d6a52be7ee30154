import type { ComputedByType } from '../../template/open-terraform';

export const COMPUTED: ComputedByType = {
  azurerm_storage_queue: ({ properties: { storage_account_id, name } }) => ({
    id: `${storage_account_id}/queueServices/default/queues/${name}`,
  }),
};
