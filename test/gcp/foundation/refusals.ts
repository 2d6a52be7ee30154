import type { TerraformStack } from 'cdktf';
import { ProjectSite } from '../../../gcp/foundation/site';
import type { Refusals } from '../../support/refusals';

export const refusals = (terraform: TerraformStack): Refusals => {
  return {
    constructs: {
      ProjectSite: {
        settings: { project: 'text', region: 'text', prefix: 'text', pubSubAgent: 'text', googleBeta: ['', 'google-beta', 5, true, {}] },
        make: (id, props) => new ProjectSite(terraform, id, { project: 'acme-data', region: 'europe-west1', prefix: 'acme', ...props }),
      },
    },
  };
};
