import type { TerraformStack } from 'cdktf';
import { Principal } from '../../../gcp/foundation/principal';
import { ProjectSite } from '../../../gcp/foundation/site';
import type { Refusals } from '../../support/refusals';

export const refusals = (terraform: TerraformStack): Refusals => {
  return {
    constructs: {
      Principal: {
        settings: { member: ['', 'me@example.com', 'allUsers', 'allAuthenticatedUsers', 'user:a b', 'user:a,user:b', 5, {}, []] },
        make: (id, props) => new Principal(terraform, id, { member: 'user:somebody@example.com', ...props }),
      },
      ProjectSite: {
        settings: { project: 'text', region: 'text', prefix: 'text', pubSubAgent: 'text', googleBeta: ['', 'google-beta', 5, true, {}] },
        make: (id, props) => new ProjectSite(terraform, id, { project: 'acme-data', region: 'europe-west1', prefix: 'acme', ...props }),
      },
    },
  };
};
