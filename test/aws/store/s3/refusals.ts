import type { Stack } from 'aws-cdk-lib';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  return {
    constructs: {
      S3Store: {
        settings: {
          prefix: 'text',
          archiveAfter: 'time',
          undeleteWindow: 'time',
          encryptionKey: 'resource',
          bucket: 'resource',
          replica: 'resource',
          removal: 'choice',
        },
        make: (id, props) => new S3Store(aws, id, props),
      },
    },
  };
};
