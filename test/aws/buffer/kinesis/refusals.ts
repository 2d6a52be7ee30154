import type { Stack } from 'aws-cdk-lib';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const buffer = new KinesisBuffer(aws, 'Kinesis');
  return {
    constructs: {
      KinesisBuffer: {
        settings: { retention: 'time', encryptionKey: 'resource', stream: 'resource', deadLetterQueue: 'resource', removal: 'choice' },
        make: (id, props) => new KinesisBuffer(aws, id, props),
      },
    },
    methods: {
      'a delivery of Kinesis': {
        settings: { batchSize: 'number', batchWindow: 'time', maxRetries: 'number', maxAge: 'time' },
        call: (props) => buffer.deliverTo({} as any, props),
      },
    },
  };
};
