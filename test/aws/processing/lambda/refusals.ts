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
          memoryMiB: 'number',
          timeout: 'time',
          logRetention: 'choice',
          role: 'resource',
        },
        make: (id, props) => new LambdaProcessor(aws, id, { code: Code.fromInline('0'), source, stores: {}, ...props }),
      },
    },
  };
};
