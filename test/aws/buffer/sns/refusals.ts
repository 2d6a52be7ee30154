import type { Stack } from 'aws-cdk-lib';
import { SnsBuffer } from '../../../../aws/buffer/sns/sns-buffer';
import type { Refusals } from '../../../support/refusals';

const subscribers = { Archive: {} };

export const refusals = (aws: Stack): Refusals => ({
  constructs: {
    SnsBuffer: {
      settings: {
        subscribers: [5, '', 'x', true, [], ['x'], {}, { archive: {} }, { Archive: 5 }, { 'two\nlines': {} }],
        encryptionKey: 'resource',
        topic: 'resource',
        removal: 'choice',
      },
      make: (id, props) => new SnsBuffer(aws, id, { subscribers, ...props }),
    },
  },
  methods: {
    'a subscriber of SNS': {
      settings: {
        filter: [5, '', 'x', true, [], {}, { type: 'x' }, { type: [] }, { type: [{}] }, { type: [{ x: 1 }] }, { type: [[1]] }],
        retention: 'time',
        maxRetries: 'number',
        maxConcurrency: 'number',
        visibilityTimeout: 'time',
      },
      call: (props) => new SnsBuffer(aws, `Sns${count++}`, { subscribers: { Archive: props } }),
    },
  },
});

let count = 0;
