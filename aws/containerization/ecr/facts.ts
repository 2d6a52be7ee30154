import { promised, setTo } from '../../../shared/read/facts/promise';
import type { ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import { is } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { RETAINED } from '../../foundation/promises';

export const facts: ServiceFacts = {
  name: 'ECR',
  local: { not: 'the local run has no registry of images' },
  unproven: ['That a push and a pull need no more permissions than those that are granted.'],
  types: {
    'AWS::ECR::Repository': {
      name: 'image repository',
      role: 'holds data',
      tells: (repository) => [
        'ECR',
        is(repository, 'ImageScanningConfiguration.ScanOnPush', true) ? 'scanned' : undefined,
        is(repository, 'ImageTagMutability', 'IMMUTABLE') ? 'immutable tags' : undefined,
        said.kept(repository),
      ],
      promises: [
        promised('private', 'have no policy that lets others in', (one) => one.get('RepositoryPolicyText').length === 0, {
          'everyone may pull': set('RepositoryPolicyText', {
            Statement: [{ Effect: 'Allow', Principal: '*', Action: 'ecr:BatchGetImage' }],
          }),
        }),
        setTo({
          rule: 'scanned',
          must: 'scan each image when it is pushed',
          at: 'ImageScanningConfiguration.ScanOnPush',
          to: [true],
          weak: false,
          worse: 'images are not scanned',
        }),
        setTo({
          rule: 'undelete',
          must: 'have immutable tags, so that no push replaces an image',
          at: 'ImageTagMutability',
          to: ['IMMUTABLE'],
          weak: 'MUTABLE',
          worse: 'a push replaces the image of a tag',
        }),
        promised('housekeeping', 'delete old images', (one) => one.get('LifecyclePolicy.LifecyclePolicyText').length === 1, {
          'images are kept for ever': set('LifecyclePolicy'),
        }),
        RETAINED,
      ],
      answered: {
        encrypted: 'ECR encrypts every image, with its own key if no other is set.',
        rings: 'ECR has no metric of a fault. Its scans are events, which an entry of EventBridge puts into a buffer.',
      },
      costs: 'It bills the images by size, which do not depend on events: ten cents a month for each GB.',
      local: {
        EncryptionConfiguration: 'no effect here',
        ImageScanningConfiguration: 'no effect here',
        ImageTagMutability: 'no effect here',
        LifecyclePolicy: 'no effect here',
        Tags: 'no effect here',
      },
    },
  },
};
