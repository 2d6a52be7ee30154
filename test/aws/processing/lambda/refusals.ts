import type { Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { LambdaProcessor } from '../../../../aws/processing/lambda/lambda-processor';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const source = new KinesisBuffer(aws, 'SourceOfLambda');
  return {
    constructs: {
      LambdaProcessor: {
        settings: {
          code: 'neighbour',
          source: 'neighbour',
          stores: 'stores',
          delivery: 'neighbour',
          name: 'text',
          environment: [{ PROCESSOR: 'x' }, { DEAD_LETTER_QUEUE_URL: 'x' }, { 'a-b': 'x' }],
          memoryMiB: 'number',
          timeout: 'time',
          logRetention: 'choice',
          role: 'resource',
          network: 'neighbour',
          securityGroups: [['sg-1'], []],
          layers: [['arn'], [5]],
          runtime: ['nodejs24.x', 5],
          tracing: 'choice',
        },
        make: (id, props) => new LambdaProcessor(aws, id, { code: Code.fromInline('0'), source, stores: {}, ...props }),
      },
    },
  };
};
