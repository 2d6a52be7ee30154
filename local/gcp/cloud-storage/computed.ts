import type { ComputedByType } from '../../template/open-terraform';

const AGENT = 'service-1@gs-project-accounts.iam.gserviceaccount.com';

export const COMPUTED: ComputedByType = {
  google_storage_bucket: ({ properties: { name } }) => ({ id: String(name) }),
  'data.google_storage_project_service_account': () => ({ email_address: AGENT, member: `serviceAccount:${AGENT}` }),
};
