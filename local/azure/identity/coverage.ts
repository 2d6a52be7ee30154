import type { AllowList } from '../../coverage';
import { NAMED } from '../foundation/named';

/** Whom an app acts as. */
export const COVERAGE: AllowList = {
  azurerm_user_assigned_identity: NAMED,
};
