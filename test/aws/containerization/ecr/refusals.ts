import type { Stack } from 'aws-cdk-lib';
import { EcrRepository } from '../../../../aws/containerization/ecr/ecr-repository';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => ({
  constructs: {
    EcrRepository: {
      settings: {
        keepImages: 'number',
        releaseTags: ['', 5, {}, [''], [5], ['two\nlines'], [['x']]],
        keepUntagged: 'time',
        tags: 'choice',
        encryptionKey: 'resource',
        repository: 'resource',
        removal: 'choice',
      },
      make: (id, props) => new EcrRepository(aws, id, props),
    },
  },
});
