import type { TerraformStack } from 'cdktf';
import { ContainerSecurity } from '../../../../gcp/containerization/container-security/container-security';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

const PATTERNS = ['', '*', '**', 'gcr.io/*', 'europe-west1-docker.pkg.dev/**', 'nginx', 'docker.io/library/nginx:latest', 'gcr.io/a/*/b'];

export const refusals = (terraform: TerraformStack): Refusals => {
  const project = 'refusing-project';
  const security = new ContainerSecurity(terraform, 'RefusingPolicy', { site: { ...site, project }, name: 'refusing' });
  return {
    constructs: {
      ContainerSecurity: {
        settings: {
          site: 'neighbour',
          name: 'text',
          enforce: ['yes', 1, {}, []],
          allowPatterns: ['gcr.io/a/b', {}, [5], ...PATTERNS.map((pattern) => [pattern])],
          signingKey: 'text',
          keyVersions: ['1', 1, {}, [], [0], [1.5], ['1'], [1, 1], [-1]],
          notify: 'texts',
          removal: 'choice',
        },
        make: (id, props) => new ContainerSecurity(terraform, id, { site, ...props }),
      },
    },
    methods: {
      'the command that signs an image': {
        settings: {
          repository: ['', 'orders', 'europe-west1-docker.pkg.dev/acme/images/orders:v1', 5],
          digest: ['', 'latest', 'v1', 5],
        },
        call: (props) =>
          security.signCommand({
            repository: 'europe-west1-docker.pkg.dev/acme-data/images/orders',
            digest: `sha256:${'0'.repeat(64)}`,
            ...props,
          }),
      },
    },
  };
};
