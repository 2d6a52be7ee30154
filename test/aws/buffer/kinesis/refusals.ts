import type { Stack } from 'aws-cdk-lib';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const buffer = new KinesisBuffer(aws, 'Kinesis');
  return {
    constructs: {
      KinesisBuffer: {
        settings: {
          retention: 'time',
          encryptionKey: 'resource',
          stream: 'resource',
          deadLetterQueue: 'resource',
          deadLetterBucket: 'resource',
          removal: 'choice',
        },
        make: (id, props) => new KinesisBuffer(aws, id, props),
      },
    },
    methods: {
      'a delivery of Kinesis': {
        settings: {
          batchSize: 'number',
          batchWindow: 'time',
          // -1 is without a limit.
          maxRetries: [NaN, Infinity, -2, 0.5, 1e9, '5', true],
          maxAge: 'time',
          startingPosition: 'choice',
          startingPositionTimestamp: [5],
          parallelizationFactor: 'number',
          filters: [5, {}, [], ['x'], [{}]],
          enabled: ['yes', 0, {}],
        },
        call: (props) => buffer.deliverTo({} as any, props),
      },
    },
  };
};
