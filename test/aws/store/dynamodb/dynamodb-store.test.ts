import { Duration, Stack, Token } from 'aws-cdk-lib';
import { type ITable, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, type IFunction, Function as LambdaFunction, Runtime, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Delivery } from '../../../../aws/ports/delivery';
import type { FunctionWorkload } from '../../../../aws/ports/identity';
import { DynamoDbStore, type DynamoDbStoreProps } from '../../../../aws/store/dynamodb/dynamodb-store';
import { removalOf, synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

const TABLE = 'AWS::DynamoDB::GlobalTable';
const MAPPING = 'AWS::Lambda::EventSourceMapping';
const make = (props?: DynamoDbStoreProps | ((stack: Stack) => DynamoDbStoreProps), context?: Record<string, unknown>) =>
  synthesize((stack) => new DynamoDbStore<ITable>(stack, 'Store', typeof props === 'function' ? props(stack) : props), context);
const replicaOf = ({ one }: ReturnType<typeof make>) => one(TABLE).Properties.Replicas[0];
const mine = (stack: Stack, extra: object = {}) =>
  TableV2.fromTableAttributes(stack, 'Mine', { tableArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/mine', ...extra });
const STREAM = { tableStreamArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/mine/stream/label' };

/** A function as a target of a delivery. */
class Target extends Construct implements FunctionWorkload {
  readonly role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  readonly function: IFunction = new LambdaFunction(this, 'Function', {
    code: Code.fromInline('exports.handler = () => {}'),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    role: this.role,
  });
}

/** A table that delivers its changes to a function. */
const deliver = (delivery?: Delivery, props: (stack: Stack) => DynamoDbStoreProps = () => ({ changes: true })) =>
  synthesize((stack) => {
    const target = new Target(stack, 'Target');
    new DynamoDbStore<ITable>(stack, 'Store', props(stack)).changes.deliverTo(target, delivery);
    return target;
  });

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/store/dynamodb/dynamodb-store.snapshot.yaml',
    'The table is billed by request, backed up for 35 days, and cannot be deleted. Time to live is on: only rows with expiresAt expire.',
    madeBy(built),
  );
});

test('documents the defaults that it has', () => {
  const made = make();
  const { Replicas, StreamSpecification } = made.one(TABLE).Properties;
  expect(documentedDefaults('aws/store/dynamodb/dynamodb-store.ts', 'DynamoDbStoreProps')).toEqual({
    changes: String(StreamSpecification !== undefined),
    backupRetention: `${Replicas[0].PointInTimeRecoverySpecification.RecoveryPeriodInDays} days`,
    removal: removalOf(made.one(TABLE).DeletionPolicy),
  });
});

test('accepts every setting', () => {
  const settings = (stack: Stack): DynamoDbStoreProps => ({
    lookUpBy: 'phone',
    retention: Duration.days(90),
    changes: true,
    maxWriteUnits: 10,
    maxReadUnits: 20,
    backupRetention: Duration.days(7),
    encryptionKey: new Key(stack, 'Key'),
    deadLetterQueue: new Queue(stack, 'Queue'),
    deadLetterBucket: new Bucket(stack, 'Bucket'),
    removal: 'destroy',
  });
  const made = make(settings, { destroyData: 'yes' });
  const { Properties, DeletionPolicy } = made.one(TABLE);
  expect(Properties).toMatchObject({
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-phone',
        KeySchema: [
          { AttributeName: 'phone', KeyType: 'HASH' },
          { AttributeName: 'eventTime', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
        WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 10 },
      },
    ],
    SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
    StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 10 },
  });
  expect(replicaOf(made)).toMatchObject({
    DeletionProtectionEnabled: false,
    PointInTimeRecoverySpecification: { RecoveryPeriodInDays: 7 },
    SSESpecification: { KMSMasterKeyId: { 'Fn::GetAtt': [expect.stringContaining('Key'), 'Arn'] } },
    ReadOnDemandThroughputSettings: { MaxReadRequestUnits: 20 },
  });
  expect([DeletionPolicy, made.all('AWS::SQS::Queue').length, made.all('AWS::S3::Bucket').length]).toEqual(['Delete', 1, 1]);
});

test('takes two keys to be deletable: with them, the table does not refuse to be deleted', () => {
  expect(replicaOf(make()).DeletionProtectionEnabled).toBe(true);
  expect(replicaOf(make({ removal: 'destroy' }, { destroyData: 'yes' })).DeletionProtectionEnabled).toBe(false);
});

test('a field to look up by is an attribute of an index and of nothing else, so that the table is not replaced when it changes', () => {
  const keys = (props?: DynamoDbStoreProps) => make(props).one(TABLE).Properties.KeySchema;
  expect(keys({ lookUpBy: 'phone' })).toEqual(keys());
});

test('uses an existing table, and makes none', () => {
  const made = make((stack) => ({ table: mine(stack), retention: Duration.days(1), lookUpBy: 'phone' }));
  expect(made.all(TABLE)).toEqual([]);
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) => [new DynamoDbStore(stack, 'A'), new DynamoDbStore(stack, 'B')]);
  expect(all(TABLE)).toHaveLength(2);
});

describe('bindings', () => {
  const onTable = { 'Fn::GetAtt': [expect.stringMatching(/^StoreTable/), 'Arn'] };
  const onKey = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
  const bound = (how: 'bindWriter' | 'bindReader', props: (stack: Stack) => DynamoDbStoreProps = () => ({})) => {
    let settings: Readonly<Record<string, string>> = {};
    const { built, allowed } = synthesize((stack) => {
      const holder = new Target(stack, 'Holder');
      ({ settings } = new DynamoDbStore<ITable>(stack, 'Store', props(stack))[how](holder, 'ROWS'));
      return { holder, settings: stack.resolve(settings) };
    });
    return { settings: built.settings, may: allowed(built.holder).map(({ Action, Resource }) => [Action, Resource]) };
  };
  const table = { Ref: expect.stringMatching(/^StoreTable/) };

  test('a writer may put items, and nothing else: it can neither read, change nor delete', () => {
    expect(bound('bindWriter')).toEqual({
      settings: { ROWS_TABLE: table, ROWS_LOOK_UP_BY: 'eventKey', ROWS_RETENTION_SECONDS: '0' },
      may: [['dynamodb:PutItem', onTable]],
    });
  });

  test('a writer knows how long rows are kept, also if that is known only at deploy', () => {
    const days = (retention: Duration) => bound('bindWriter', () => ({ retention })).settings.ROWS_RETENTION_SECONDS;
    expect(days(Duration.days(2))).toBe('172800');
    expect(days(Duration.seconds(Token.asNumber({ Ref: 'Kept' })))).toEqual({ Ref: 'Kept' });
  });

  test('a reader may query the table by the key of an event, and not scan it', () => {
    expect(bound('bindReader')).toEqual({
      settings: { ROWS_TABLE: table, ROWS_LOOK_UP_BY: 'eventKey' },
      may: [['dynamodb:Query', onTable]],
    });
  });

  test('a reader may query the index of its field, and not the table', () => {
    expect(bound('bindReader', () => ({ lookUpBy: 'phone' }))).toEqual({
      settings: { ROWS_TABLE: table, ROWS_LOOK_UP_BY: 'phone', ROWS_INDEX: 'by-phone' },
      may: [['dynamodb:Query', { 'Fn::Join': ['', [onTable, '/index/by-phone']] }]],
    });
  });

  test('both may use the key of the table, also of an existing one', () => {
    const keyed = (stack: Stack) => ({ encryptionKey: new Key(stack, 'Key') });
    const imported = (stack: Stack) => ({ table: mine(stack, { encryptionKey: new Key(stack, 'Key') }) });
    for (const props of [keyed, imported]) {
      expect(bound('bindWriter', props).may).toContainEqual([['kms:Decrypt', 'kms:GenerateDataKey'], onKey]);
      expect(bound('bindReader', props).may).toContainEqual(['kms:Decrypt', onKey]);
    }
  });
});

describe('changes', () => {
  test('are retried for 23 hours, because the stream keeps 24, and then stored with their rows in a bucket', () => {
    const { one } = deliver();
    expect(one(MAPPING).Properties).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': [expect.stringMatching(/^StoreTable/), 'StreamArn'] },
      StartingPosition: 'TRIM_HORIZON',
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: 23 * 3600,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching(/^StoreDeadLetterBucket/), 'Arn'] } } },
    });
  });

  test('are read with the permissions that Lambda requires, before the mapping is created', () => {
    const { built, allowed, one, madeBy } = deliver();
    const onStream = { 'Fn::GetAtt': [expect.stringMatching(/^StoreTable/), 'StreamArn'] };
    const actions = ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'];
    expect(allowed(built)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ Action: actions, Resource: onStream }),
        expect.objectContaining({ Action: 'dynamodb:ListStreams', Resource: '*' }),
      ]),
    );
    const policies = Object.entries(madeBy(built)).filter(([, { Type }]) => Type === 'AWS::IAM::Policy');
    expect(one(MAPPING).DependsOn).toEqual(expect.arrayContaining(policies.map(([id]) => id)));
  });

  test('that are in a dead letter are encrypted with the key of the table, because they have whole rows', () => {
    const { all } = make((stack) => ({ changes: true, encryptionKey: new Key(stack, 'Key') }));
    const key = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
    const keys = all('AWS::S3::Bucket').map(
      ({ Properties }) => Properties.BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.KMSMasterKeyID,
    );
    expect([...all('AWS::SQS::Queue').map(({ Properties }) => Properties.KmsMasterKeyId), ...keys.filter(Boolean)]).toEqual([key, key]);
  });

  test('of an existing table come from its stream', () => {
    const { one } = deliver({}, (stack) => ({ changes: true, table: mine(stack, STREAM) }));
    expect(one(MAPPING).Properties.EventSourceArn).toBe(STREAM.tableStreamArn);
  });

  test('can be delivered to two functions', () => {
    const { all } = synthesize((stack) => {
      const { changes } = new DynamoDbStore(stack, 'Store', { changes: true });
      for (const id of ['A', 'B']) changes.deliverTo(new Target(stack, id), { filters: [{ eventName: ['INSERT'] }] });
    });
    expect(all(MAPPING)).toHaveLength(2);
  });

  test('can be pulled by a reader of its own', () => {
    const made = synthesize((stack) => {
      const reader = new Target(stack, 'Reader');
      const { settings } = new DynamoDbStore(stack, 'Store', { changes: true }).changes.bindReader(reader, 'ROWS');
      return { reader, settings: Object.keys(settings) };
    });
    expect([made.built.settings, made.allowed(made.built.reader).length]).toEqual([['ROWS_STREAM_ARN'], 1]);
  });
});

describe('refuses', () => {
  test.each<[string, () => unknown, string]>([
    [
      'an attribute of the store to look up by',
      () => make({ lookUpBy: 'eventTime' }),
      'Test/Store: lookUpBy must be the name of a field of a row, and none that the store sets, got "eventTime". Write it like subject: 1 to 100 letters, digits, hyphens, dots and underscores, a letter first.',
    ],
    [
      'a short retention',
      () => make({ retention: Duration.minutes(59) }),
      'Test/Store: retention must be 3600 to 3153600000 seconds, got 3540. Leave it out to keep rows forever. DynamoDB deletes expired rows within days, not at once.',
    ],
    [
      'backups for longer than DynamoDB keeps them',
      () => make({ backupRetention: Duration.days(36) }),
      'Test/Store: backupRetention must be 1 to 35 days, got 36. For a longer time, use AWS Backup.',
    ],
    [
      'a limit that lets nothing through',
      () => make({ maxWriteUnits: 0 }),
      'Test/Store: maxWriteUnits must be 1 to 40000 units a second, got 0. Leave it out for no limit. 40000 is the default quota of a table.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `Test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
    [
      'settings for a table that is there',
      () => make((stack) => ({ table: mine(stack), maxWriteUnits: 1, backupRetention: Duration.days(1) })),
      'Test/Store: table keeps its own settings, got maxWriteUnits and backupRetention beside it. Leave maxWriteUnits and backupRetention out.',
    ],
    [
      'a dead letter for changes that nobody reads',
      () => make((stack) => ({ deadLetterBucket: new Bucket(stack, 'Bucket') })),
      'Test/Store: a dead letter must come with changes, got deadLetterBucket. Set changes to true: without readers, nothing fails.',
    ],
    [
      'changes of a table without a stream',
      () => make((stack) => ({ table: mine(stack), changes: true })),
      'Test/Store: table must have a stream for changes, got a table without one. Import it with TableV2.fromTableAttributes and its tableStreamArn, whose images must be new and old.',
    ],
    [
      'changes that the table does not keep',
      () => make().built.changes,
      'Test/Store: changes must be true before they are read, got false. Set it on the store.',
    ],
    [
      'an age above what the stream keeps',
      () => deliver({ maxAge: Duration.hours(25) }),
      'Test/Store: maxAge must be 60 to 86400 seconds, got 90000. The stream deletes a record after its retention, and Lambda does not retry records older than 7 days.',
    ],
    [
      'a time to start from',
      () => deliver({ startingPosition: StartingPosition.AT_TIMESTAMP, startingPositionTimestamp: 1 }),
      'Test/Store: startingPosition must be TRIM_HORIZON or LATEST, got "AT_TIMESTAMP". Leave it out to start with the oldest record.',
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));

  test('before the first resource', () => {
    const stack = new Stack(undefined, 'Test');
    expect(() => new DynamoDbStore(stack, 'Store', { removal: 'destroy' })).toThrow('destroyData');
    expect(stack.node.findAll().map(({ node }) => node.path)).toEqual(['Test', 'Test/Store']);
  });
});
