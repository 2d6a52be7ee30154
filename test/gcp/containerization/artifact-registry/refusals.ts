import type { TerraformStack } from 'cdktf';
import { ArtifactRegistry } from '../../../../gcp/containerization/artifact-registry/artifact-registry';
import type { Refusals } from '../../../support/refusals';
import { site } from '../../stand-ins';

const digest = `sha256:${'0'.repeat(64)}`;

export const refusals = (terraform: TerraformStack): Refusals => {
  const images = new ArtifactRegistry(terraform, 'Refusing', { site, name: 'refusing' });
  return {
    constructs: {
      ArtifactRegistry: {
        settings: {
          site: 'neighbour',
          name: 'text',
          keepImages: 'number',
          keepUntaggedDays: 'number',
          tags: 'choice',
          scan: ['yes', 1, {}, []],
          encryptionKey: 'text',
          repositoryId: 'text',
          removal: 'choice',
        },
        calculated: ['keepUntaggedDays'],
        make: (id, props) => new ArtifactRegistry(terraform, id, { site, ...props }),
      },
    },
    methods: {
      'an image of Artifact Registry': {
        settings: { name: 'text', digest: ['latest', 'v1', 'sha256:0', ...[5, {}, [], '']] },
        call: (props) => {
          const image = { name: 'orders', digest, ...props };
          return images.image(image.name, image.digest);
        },
      },
    },
  };
};
