import type { Stack } from 'aws-cdk-lib';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../../../aws/connect/api-gateway/api-gateway-entry';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const sink = new KinesisBuffer(aws, 'SinkOfApi');
  return {
    constructs: {
      ApiGatewayEntry: {
        settings: {
          sink: 'neighbour',
          eventSchema: 'neighbour',
          authorizer: 'neighbour',
          authorizationScopes: 'texts',
          rateLimit: 'number',
          burstLimit: 'number',
          logRetention: 'choice',
          accessLog: 'resource',
          accountLogRole: 'choice',
        },
        make: (id, props) => new ApiGatewayEntry(aws, id, { sink, eventSchema: {}, ...props }),
      },
    },
  };
};
