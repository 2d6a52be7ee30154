import type { Stack } from 'aws-cdk-lib';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import { EventBridgeEntry } from '../../../../aws/connect/eventbridge/eventbridge-entry';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const sink = new SqsBuffer(aws, 'EventBridgeSink');
  return {
    constructs: {
      EventBridgeEntry: {
        settings: {
          sink: 'neighbour',
          bus: ['', 'x', 5, true, {}, []],
          partnerSource: 'text',
          pattern: [5, '', 'x', true, [], {}, { source: 'x' }, { source: [] }, { detail: { a: [{ x: 1 }] } }],
          isCloudEvent: ['yes', 0, {}],
          archive: 'time',
          deadLetterQueue: 'resource',
          removal: 'choice',
        },
        make: (id, props) => new EventBridgeEntry(aws, id, { sink, ...props }),
      },
    },
  };
};
