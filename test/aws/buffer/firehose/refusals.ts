import type { Stack } from 'aws-cdk-lib';
import { FirehoseDelivery } from '../../../../aws/buffer/firehose/firehose-delivery';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const store = new S3Store(aws, 'FirehoseStore');
  return {
    constructs: {
      FirehoseDelivery: {
        settings: {
          store: 'resource',
          source: 'resource',
          transform: ['', 'x', 5, true, {}, [], null],
          partitionBy: ['', 'x', 5, null, [], ['x'], { Tenant: '.a' }, { year: '.a' }, { a: '' }, { a: 'b' }, { a: 5 }, { a: '.a\n.b' }],
          bufferInterval: 'time',
          bufferMiB: 'number',
          encryptionKey: 'resource',
          logRetention: 'choice',
        },
        make: (id, props) => new FirehoseDelivery(aws, id, { store, ...props }),
      },
    },
  };
};
