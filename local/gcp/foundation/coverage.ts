import type { AllowList } from '../../coverage';

/** Who may do what, what is watched and what is switched on: none of it moves an event. */
export const COVERAGE: AllowList = {
  google_kms_crypto_key_iam_member: 'no effect here',
  google_monitoring_alert_policy: 'no effect here',
  google_project_iam_member: 'no effect here',
  google_project_service: 'no effect here',
  google_project_service_identity: 'no effect here',
  time_sleep: 'no effect here',
};
