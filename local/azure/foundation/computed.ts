import type { ComputedByType } from '../../template/open-terraform';
import { SUBSCRIPTION } from './ids';

export const COMPUTED: ComputedByType = {
  'data.azurerm_client_config': () => ({ subscription_id: SUBSCRIPTION }),
};
