import type { ComputedByType } from '../../template/open-terraform';

export const COMPUTED: ComputedByType = {
  google_service_account: ({ properties: { project, account_id } }) => {
    const email = `${account_id}@${project}.iam.gserviceaccount.com`;
    const name = `projects/${project}/serviceAccounts/${email}`;
    return { id: name, name, email, member: `serviceAccount:${email}` };
  },
};
