import type { Stack } from 'aws-cdk-lib';
import { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { DynamoDbStore } from '../../../../aws/store/dynamodb/dynamodb-store';

const arn = (service: string, name: string) => `arn:aws:${service}:eu-west-1:123456789012:${name}`;

/** Settings of a table that change findings of cdk-nag. */
export const variants = {
  defaults: (stack: Stack) => new DynamoDbStore(stack, 'Store'),
  'an index and changes': (stack: Stack) => new DynamoDbStore(stack, 'Store', { lookUpBy: 'subject', changes: true }),
  'a key of the user': (stack: Stack) =>
    new DynamoDbStore(stack, 'Store', { encryptionKey: Key.fromKeyArn(stack, 'Key', arn('kms', 'key/k')) }),
  'a table of the user': (stack: Stack) =>
    new DynamoDbStore(stack, 'Store', { table: TableV2.fromTableArn(stack, 'Table', arn('dynamodb', 'table/mine')) }),
  'data that goes with the stack': (stack: Stack) => new DynamoDbStore(stack, 'Store', { changes: true, removal: 'destroy' }),
};
