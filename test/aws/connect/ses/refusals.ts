import type { Stack } from 'aws-cdk-lib';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import { SesEntry } from '../../../../aws/connect/ses/ses-entry';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { type Refusals, WRONG } from '../../../support/refusals';

const YES_OR_NO = WRONG.choice.filter((value) => value !== true);

export const refusals = (aws: Stack): Refusals => {
  const store = new S3Store(aws, 'StoreOfSes', { prefix: 'mail/' });
  const sink = new SqsBuffer(aws, 'SinkOfSes');
  return {
    constructs: {
      SesEntry: {
        settings: {
          domain: 'text',
          store: 'neighbour',
          sink: 'neighbour',
          recipients: 'texts',
          requireTls: YES_OR_NO,
          scan: YES_OR_NO,
          activation: 'choice',
          ruleSet: 'resource',
          identity: 'resource',
          mailFrom: 'text',
          from: 'text',
          maxSilence: 'time',
          removal: 'choice',
        },
        make: (id, props) => new SesEntry(aws, id, { domain: 'example.com', store, sink, activation: 'byHand', ...props }),
      },
    },
  };
};
