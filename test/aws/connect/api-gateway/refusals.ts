import type { Stack } from 'aws-cdk-lib';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../../../aws/connect/api-gateway/api-gateway-entry';
import { ApiGatewayLookup } from '../../../../aws/connect/api-gateway/api-gateway-lookup';
import { DynamoDbStore } from '../../../../aws/store/dynamodb/dynamodb-store';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const sink = new KinesisBuffer(aws, 'SinkOfApi');
  const store = new DynamoDbStore(aws, 'StoreOfApi', { lookUpBy: 'subject' });
  return {
    constructs: {
      ApiGatewayLookup: {
        settings: {
          store: 'neighbour',
          maxRows: 'number',
          defaultRows: ['', 5, true, {}, ['x'], [5], [['x']]],
          authorizer: 'neighbour',
          authorizationScopes: 'texts',
          rateLimit: 'number',
          burstLimit: 'number',
          logRetention: 'choice',
          accessLog: 'resource',
          accountLogRole: 'choice',
        },
        calculated: ['maxRows'],
        make: (id, props) => new ApiGatewayLookup(aws, id, { store, ...props }),
      },
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
