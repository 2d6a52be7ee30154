import type { Stack } from 'aws-cdk-lib';
import { DynamoDbStore } from '../../../../aws/store/dynamodb/dynamodb-store';
import type { Refusals } from '../../../support/refusals';

export const refusals = (aws: Stack): Refusals => {
  const store = new DynamoDbStore(aws, 'DynamoDb', { changes: true });
  return {
    constructs: {
      DynamoDbStore: {
        settings: {
          lookUpBy: ['', ' ', 'two\nlines', 'eventKey', 'expiresAt', 'X'.repeat(101), 5, true, [], {}],
          retention: 'time',
          changes: ['yes', 0, {}],
          maxWriteUnits: 'number',
          maxReadUnits: 'number',
          backupRetention: 'time',
          encryptionKey: 'resource',
          table: 'resource',
          deadLetterQueue: 'resource',
          deadLetterBucket: 'resource',
          removal: 'choice',
        },
        make: (id, props) => new DynamoDbStore(aws, id, props),
      },
    },
    methods: {
      'a delivery of changes': {
        settings: {
          batchSize: 'number',
          batchWindow: 'time',
          maxRetries: [NaN, -2, 0.5, 1e9, '5', true, []],
          maxAge: 'time',
          parallelizationFactor: 'number',
          startingPosition: 'choice',
          enabled: ['yes', 0, {}],
          filters: [5, {}, [], ['x'], [{}]],
        },
        call: (props) => store.changes.deliverTo({} as any, props),
      },
    },
  };
};
