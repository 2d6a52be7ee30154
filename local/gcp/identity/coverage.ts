import type { AllowList } from '../../coverage';

/** Whom a function or a subscription acts as. */
export const COVERAGE: AllowList = {
  google_service_account: { account_id: 'emulated', project: 'emulated', display_name: 'no effect here' },
};
