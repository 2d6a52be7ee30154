import { type Cost, GB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { onlyValues } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import { type Asked, amount, is, only } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alarmOn, RETAINED } from '../../foundation/promises';

const RECOVERY = 'PointInTimeRecoverySpecification';
const STREAM = 'StreamSpecification.StreamViewType';

export const facts: ServiceFacts = {
  name: 'DynamoDB',
  local: 'runs',
  unproven: [
    'Which actions on a key of yours DynamoDB asks of those who write and read: `kms:Decrypt` is known, `kms:GenerateDataKey` is not.',
    'That Lambda delivers the batches of a table that it no longer retries to a bucket, as it does for Kinesis.',
  ],
  types: {
    'AWS::DynamoDB::GlobalTable': {
      name: 'table',
      role: 'holds data',
      tells: (table) => [
        'DynamoDB',
        is(table, 'BillingMode', 'PAY_PER_REQUEST') ? 'on demand' : undefined,
        'encrypted',
        table.get(`Replicas.${RECOVERY}`).length > 0 ? `backed up ${days(table)} days` : undefined,
        said.kept(table),
      ],
      takes: ['dynamodb:PutItem'],
      polledWith: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', { may: 'dynamodb:ListStreams', on: '*' }],
      // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
      keepsFor: () => 24 * 3600,
      promises: [
        RETAINED,
        promised('retained', 'refuse to be deleted', (table) => is(table, 'Replicas.DeletionProtectionEnabled', true), {
          'the table may be deleted': set('Replicas.0.DeletionProtectionEnabled', false),
        }),
        promised(
          'undelete',
          'be backed up continuously, for at least a week',
          (table) => is(table, `Replicas.${RECOVERY}.PointInTimeRecoveryEnabled`, true) && days(table) >= 7,
          {
            'the table is not backed up': set(`Replicas.0.${RECOVERY}`),
            'backups are deleted after a day': set(`Replicas.0.${RECOVERY}.RecoveryPeriodInDays`, 1),
          },
        ),
        promised('private', 'have no policy: permissions are those of identities', (table) => policies(table) === 0, {
          'everyone may read the table': set('Replicas.0.ResourcePolicy', {
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [{ Effect: 'Allow', Principal: '*', Action: 'dynamodb:Query', Resource: '*' }],
            },
          }),
        }),
        setTo({
          rule: 'retention',
          must: 'delete only rows whose `expiresAt` has passed',
          at: 'TimeToLiveSpecification.AttributeName',
          to: ['expiresAt'],
          weak: 'rowIndex',
          worse: 'rows are deleted by another field',
        }),
        {
          ...setTo({
            rule: 'nothing-lost',
            must: 'have the row before and after each change in its stream',
            at: STREAM,
            to: ['NEW_AND_OLD_IMAGES'],
            weak: 'KEYS_ONLY',
            worse: 'changes have no rows',
          }),
          concerns: (table) => table.get(STREAM).length > 0,
        },
        alarmOn('ThrottledRequests', 'have alarms for throttled writes and reads'),
        alarmOn('SystemErrors', 'have an alarm for errors of DynamoDB'),
      ],
      answered: { encrypted: 'DynamoDB encrypts every table, with a key of its own if none is given. It cannot be switched off.' },
      costs,
      local: {
        AttributeDefinitions: 'emulated',
        BillingMode: onlyValues('PAY_PER_REQUEST'),
        'GlobalSecondaryIndexes.IndexName': 'emulated',
        'GlobalSecondaryIndexes.KeySchema': 'emulated',
        'GlobalSecondaryIndexes.Projection': 'emulated',
        'GlobalSecondaryIndexes.ReadOnDemandThroughputSettings': 'no effect here',
        'GlobalSecondaryIndexes.WriteOnDemandThroughputSettings': 'no effect here',
        KeySchema: 'emulated',
        ReadOnDemandThroughputSettings: 'no effect here',
        Replicas: 'no effect here',
        SSESpecification: 'no effect here',
        [STREAM]: onlyValues('NEW_AND_OLD_IMAGES'),
        TableName: 'emulated',
        TimeToLiveSpecification: 'no effect here',
        WriteOnDemandThroughputSettings: 'no effect here',
      },
    },
  },
  calls: {
    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
    '@aws-sdk/client-dynamodb PutItemCommand': ({ arguments: [input] }) => [{ may: 'dynamodb:PutItem', on: said.part(input, 'TableName') }],
    // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
    '@aws-sdk/client-dynamodb QueryCommand': ({ arguments: [input] }) => [
      { may: 'dynamodb:Query', on: `${said.part(input, 'TableName')}/index/${said.part(input, 'IndexName')}` },
    ],
  },
  harmless: ['@aws-sdk/client-dynamodb DynamoDBClient'],
};

function days(table: Asked): number {
  return amount(table, `Replicas.${RECOVERY}.RecoveryPeriodInDays`);
}

function policies(table: Asked): number {
  return table.get('Replicas.ResourcePolicy').length + table.get('Replicas.ReplicaStreamSpecification.ResourcePolicy').length;
}

/** A row is as large as its event. Each index is written like the table. Lambda reads changes free of charge. */
function costs(table: Asked, load: Load): Cost[] {
  // Rows are written one by one, however they come.
  const rows = load.writes(table).count > 0 ? load.events : 0;
  const copies = 1 + table.get('GlobalSecondaryIndexes.IndexName').length;
  const stored = (rows * load.size * MONTH) / GB;
  const index = only(table, 'GlobalSecondaryIndexes.IndexName') === undefined ? '' : ' Without `lookUpBy`, the half.';
  const lower = `A transform that stores less of each event.${index}`;
  return [
    {
      what: 'writes, one for each 1 kB of a row, in the table and its index',
      price: 'dynamoDbWrites',
      units: rows * MONTH * copies * Math.ceil(load.size / 1024),
      lower,
    },
    {
      what: 'rows of one month, as large as their events',
      price: 'dynamoDbStorage',
      units: stored * copies,
      lower: `${lower} A \`retention\`.`,
    },
    {
      what: 'backups of these rows',
      price: 'dynamoDbBackups',
      units: is(table, `Replicas.${RECOVERY}.PointInTimeRecoveryEnabled`, true) ? stored : 0,
      lower: 'No setting: `backupRetention` does not change the price.',
    },
  ];
}
