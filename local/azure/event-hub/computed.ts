import type { ComputedByType } from '../../template/open-terraform';
import { idOf } from '../foundation/ids';

export const COMPUTED: ComputedByType = {
  azurerm_eventhub: ({ properties: { namespace_id, name } }) => ({ id: `${namespace_id}/eventhubs/${name}` }),
  azurerm_eventhub_namespace: (resource) => ({ id: idOf(resource, 'Microsoft.EventHub/namespaces') }),
};
