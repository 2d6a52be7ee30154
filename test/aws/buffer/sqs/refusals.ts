import type { Stack } from 'aws-cdk-lib';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const buffer = new SqsBuffer(aws, 'Sqs');
  return {
    constructs: {
      SqsBuffer: {
        settings: {
          retention: 'time',
          maxRetries: 'number',
          maxConcurrency: 'number',
          visibilityTimeout: 'time',
          encryptionKey: 'resource',
          queue: 'resource',
          deadLetterQueue: 'resource',
          removal: 'choice',
        },
        make: (id, props) => new SqsBuffer(aws, id, props),
      },
    },
    methods: {
      'a delivery of SQS': {
        settings: { batchSize: 'number', batchWindow: 'time', enabled: ['yes', 0, {}], filters: [5, {}, [], ['x'], [{}]] },
        call: (props) => buffer.deliverTo({} as any, props),
      },
    },
  };
};
