import type { ComputedByType } from '../../template/open-terraform';
import { idOf } from '../foundation/ids';

export const COMPUTED: ComputedByType = {
  azurerm_function_app_flex_consumption: (resource) => ({ id: idOf(resource, 'Microsoft.Web/sites') }),
};
