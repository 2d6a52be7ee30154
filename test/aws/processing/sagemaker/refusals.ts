import type { Stack } from 'aws-cdk-lib';
import { SageMakerEndpoint } from '../../../../aws/processing/sagemaker/sagemaker-endpoint';
import { SageMakerJob } from '../../../../aws/processing/sagemaker/sagemaker-job';
import type { Refusals } from '../../../support/refusals';
import { IMAGE } from './variants';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const IMAGES = ['', 'x', 5, [], {}, IMAGE.replace(/@.*/, ':latest'), { digest: DIGEST }, { repository: 'images', digest: DIGEST }];
const STORES = ['', 'x', 5, [], [{}], { 'my-store': {} }, { A: 'bucket' }, { A: {} }, { '': {} }];

export const refusals = (aws: Stack): Refusals => ({
  constructs: {
    SageMakerEndpoint: {
      settings: {
        image: IMAGES,
        modelData: ['', 'x', 5, [], {}, { bucket: 'models', key: 'model.tar.gz' }],
        environment: ['', 'x', 5, [], { '': 'x' }, { 'A-B': 'x' }, { A: 5 }, { A: 'x'.repeat(2000) }],
        serverless: ['', 'x', 5, [], true, { memoryMiB: 1500 }, { memoryMiB: '2048' }, { maxConcurrency: 0 }, { type: 'ml.g5.xlarge' }],
        instances: [
          '',
          'x',
          5,
          [],
          true,
          { type: 'm5.large' },
          { min: 0 },
          { min: 3, max: 2 },
          { requestsPerMinute: 0 },
          { memoryMiB: 1024 },
        ],
        networkIsolation: [true, 'yes', 1, {}],
        encryptionKey: 'resource',
        latencyBudget: 'time',
        logRetention: 'choice',
      },
      make: (id, props) => new SageMakerEndpoint(aws, id, { image: IMAGE, ...props }),
    },
    SageMakerJob: {
      settings: {
        image: IMAGES,
        kind: 'choice',
        script: ['', 'x', 5, {}, [], 'nowhere.py', 'two\nlines', `${'x'.repeat(300)}.py`],
        inputs: STORES,
        outputs: STORES,
        arguments: ['', 'x', 5, [], { '--DAYS': '7' }, { DAYS: 7 }, { '': 'x' }],
        instanceType: 'text',
        instanceCount: 'number',
        volumeGiB: 'number',
        timeout: 'time',
        spot: [true, 'yes', 1, {}],
        networkIsolation: ['yes', 1, {}],
        encryptionKey: 'resource',
      },
      calculated: ['instanceCount'],
      make: (id, props) => new SageMakerJob(aws, id, { image: IMAGE, ...props }),
    },
  },
});
