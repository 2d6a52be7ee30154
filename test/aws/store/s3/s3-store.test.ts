import { App, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Bucket, type BucketAttributes, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import type { Delivery } from '../../../../aws/ports/delivery';
import type { Workload } from '../../../../aws/ports/identity';
import type { RecordSource } from '../../../../aws/ports/records';
import { LambdaProcessor, type LambdaProcessorProps } from '../../../../aws/processing/lambda/lambda-processor';
import { DynamoDbStore } from '../../../../aws/store/dynamodb/dynamodb-store';
import { S3Store, type S3StoreProps } from '../../../../aws/store/s3/s3-store';
import { cloudFormationPrivileges } from '../../../../scripts/judges/privileges/findings';
import { CfnStack, type CfnTemplate } from '../../../../shared/read/cfn';
import { packageHandler } from '../../../../shared/synth/handler-package';
import { type Resource, removalOf, synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

const make = (props?: S3StoreProps, context?: Record<string, unknown>) =>
  synthesize((stack) => new S3Store(stack, 'Store', props), context);

/** A workload with a role. */
class Holder extends Construct implements Workload {
  readonly role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
}

/** The bucket of the objects: the one in the stack that has an access log. */
function bucketOf({ all }: { all(type: string): Resource[] }): Resource {
  return all('AWS::S3::Bucket').find(({ Properties }) => Properties.LoggingConfiguration)!;
}

const theBucket = { 'Fn::GetAtt': [expect.stringMatching(/^StoreBucket/), 'Arn'] };
const theObjects = { 'Fn::Join': ['', [theBucket, '/events/*']] };
const theKey = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/store/s3/s3-store.snapshot.yaml',
    'Both buckets are private, encrypted, and deny requests without TLS 1.2. The objects are versioned and retained.',
    madeBy(built),
  );
});

test('documents the defaults that it has', () => {
  const made = make();
  const { Properties, DeletionPolicy } = bucketOf(made);
  const [rule] = Properties.LifecycleConfiguration.Rules;
  expect(documentedDefaults('aws/store/s3/s3-store.ts', 'S3StoreProps')).toEqual({
    prefix: made.built.prefix,
    archiveAfter: `${rule.Transitions[0].TransitionInDays} days`,
    undeleteWindow: `${rule.NoncurrentVersionExpiration.NoncurrentDays} days`,
    removal: removalOf(DeletionPolicy),
  });
});

test('accepts every setting', () => {
  const made = synthesize((stack) => {
    const encryptionKey = new Key(stack, 'Key');
    const periods = { archiveAfter: Duration.days(30), undeleteWindow: Duration.days(1) };
    return new S3Store(stack, 'Store', { ...periods, prefix: 'raw/events/', encryptionKey, removal: 'retain' });
  });
  const { Properties } = bucketOf(made);
  expect(Properties.BucketEncryption.ServerSideEncryptionConfiguration).toEqual([
    { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: theKey } },
  ]);
  expect(Properties.LifecycleConfiguration.Rules).toMatchObject([
    { Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 30 }], NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
  ]);
  expect(made.built.prefix).toBe('raw/events/');
});

test('uses an existing bucket, and its key', () => {
  const { built, all, allowed } = synthesize((stack) => {
    const encryptionKey = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/k');
    const bucket = Bucket.fromBucketAttributes(stack, 'Mine', { bucketName: 'mine', encryptionKey });
    const writer = new Holder(stack, 'Writer');
    expect(new S3Store(stack, 'Store', { bucket }).bindWriter(writer, 'STORE').settings).toEqual({
      STORE_BUCKET: 'mine',
      STORE_PREFIX: 'events/',
    });
    return writer;
  });
  expect(all('AWS::S3::Bucket')).toEqual([]);
  expect(allowed(built)).toEqual([
    expect.objectContaining({
      Action: 's3:PutObject',
      Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::mine/events/*']] },
    }),
    expect.objectContaining({ Resource: 'arn:aws:kms:eu-west-1:123456789012:key/k' }),
  ]);
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) => [new S3Store(stack, 'A'), new S3Store(stack, 'B')]);
  expect(all('AWS::S3::Bucket')).toHaveLength(4);
});

test('a writer may add objects below the prefix; it can neither read nor delete them', () => {
  const { built, allowed } = synthesize((stack) => {
    const writer = new Holder(stack, 'Writer');
    const { settings, waitFor } = new S3Store(stack, 'Store').bindWriter(writer, 'EVENTS');
    expect([Object.keys(settings), waitFor.length]).toEqual([['EVENTS_BUCKET', 'EVENTS_PREFIX'], 1]);
    return writer;
  });
  expect(allowed(built)).toEqual([{ Action: 's3:PutObject', Effect: 'Allow', Resource: theObjects }]);
});

test('a reader may read and list what is below the prefix, and nothing else', () => {
  const { built, allowed } = synthesize((stack) => {
    const reader = new Holder(stack, 'Reader');
    expect(new S3Store(stack, 'Store').bindReader(reader, 'EVENTS').waitFor).toHaveLength(2);
    return reader;
  });
  expect(allowed(built)).toEqual([
    { Action: 's3:GetObject', Effect: 'Allow', Resource: theObjects },
    { Action: 's3:ListBucket', Effect: 'Allow', Resource: theBucket, Condition: { StringLike: { 's3:prefix': 'events/*' } } },
  ]);
});

test.each([
  ['writer', 'kms:GenerateDataKey', 'bindWriter'],
  ['reader', 'kms:Decrypt', 'bindReader'],
] as const)('a %s of an encrypted bucket may use its key', (_, actions, bind) => {
  const { built, allowed } = synthesize((stack) => {
    const holder = new Holder(stack, 'Holder');
    new S3Store(stack, 'Store', { encryptionKey: new Key(stack, 'Key') })[bind](holder, 'EVENTS');
    return holder;
  });
  expect(allowed(built).at(-1)).toEqual({ Action: actions, Effect: 'Allow', Resource: theKey });
});

test('both buckets deny requests without TLS 1.2, and public access', () => {
  const { all } = make();
  for (const { Properties } of all('AWS::S3::Bucket')) {
    expect(new Set(Object.values(Properties.PublicAccessBlockConfiguration))).toEqual(new Set([true]));
    expect(Properties.OwnershipControls.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
  }
  const policies = all('AWS::S3::BucketPolicy').map(({ Properties }) => Properties.PolicyDocument.Statement);
  expect(policies).toHaveLength(2);
  const denied = { Effect: 'Deny', Action: 's3:*', Principal: { AWS: '*' } };
  for (const statements of policies) {
    expect(statements).toContainEqual(expect.objectContaining({ ...denied, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }));
    expect(statements).toContainEqual(expect.objectContaining({ ...denied, Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } }));
  }
});

test('every access is in the access log in the second bucket for 90 days', () => {
  const made = make();
  const log = made.all('AWS::S3::Bucket').find((bucket) => bucket !== bucketOf(made))!;
  expect(bucketOf(made).Properties.LoggingConfiguration.DestinationBucketName).toEqual({ Ref: expect.stringMatching(/^StoreAccessLog/) });
  expect(log.Properties.LifecycleConfiguration.Rules).toMatchObject([{ ExpirationInDays: 90 }]);
});

test('overwritten and deleted objects can be restored for 30 days; incomplete uploads are deleted after 7', () => {
  const { Properties } = bucketOf(make());
  expect(Properties.VersioningConfiguration.Status).toBe('Enabled');
  expect(Properties.LifecycleConfiguration.Rules).toMatchObject([
    { NoncurrentVersionExpiration: { NoncurrentDays: 30 }, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
  ]);
});

test('works in a project without feature flags', () => {
  const stack = new Stack(new App(), 'Test');
  new S3Store(stack, 'Store');
  expect(Template.fromStack(stack).toJSON().Resources).toEqual(make().resources);
});

test('objects and access log are deleted with the stack only with both removal and destroyData', () => {
  const policies = (made: { all(type: string): Resource[] }) => made.all('AWS::S3::Bucket').map(({ DeletionPolicy }) => DeletionPolicy);
  const destroyed = make({ removal: 'destroy' }, { destroyData: 'yes' });
  expect(policies(destroyed)).toEqual(['Delete', 'Delete']);
  expect(destroyed.all('Custom::S3AutoDeleteObjects')).toHaveLength(2);
  expect(policies(make({}, { destroyData: 'yes' }))).toEqual(['RetainExceptOnCreate', 'RetainExceptOnCreate']);
  expect(make().all('Custom::S3AutoDeleteObjects')).toEqual([]);
});

test('a prefix can be a partition in the format of Hive', () => {
  expect(make({ prefix: 'tenant=a/' }).built.prefix).toBe('tenant=a/');
});

test('a new bucket can be changed, and an existing one keeps its type', () => {
  const { all } = synthesize((stack) => {
    const store = new S3Store(stack, 'Store');
    store.bucket.addLifecycleRule({ id: 'mine', expiration: Duration.days(400) });
    const kept: IBucket = new S3Store(stack, 'Kept', { bucket: Bucket.fromBucketName(stack, 'Mine', 'mine') }).bucket;
    expect(kept.bucketName).toBe('mine');
    return store;
  });
  expect(JSON.stringify(all('AWS::S3::Bucket'))).toContain('"Id":"mine"');
});

describe('refuses', () => {
  const withBucket = (props: S3StoreProps) =>
    synthesize((stack) => new S3Store(stack, 'Store', { bucket: Bucket.fromBucketName(stack, 'Mine', 'mine'), ...props }));
  const folders = 'Write it like events/ or raw/events/.';

  test.each<[string, () => unknown, string]>([
    [
      'a prefix without its slash',
      () => make({ prefix: 'events' }),
      `Test/Store: prefix must be folders that end in a slash, got "events". ${folders}`,
    ],
    [
      'a prefix that starts with a slash',
      () => make({ prefix: '/events/' }),
      `Test/Store: prefix must be folders that end in a slash, got "/events/". ${folders}`,
    ],
    ['no prefix', () => make({ prefix: '' }), `Test/Store: prefix must be folders that end in a slash, got "". ${folders}`],
    [
      'a wildcard as prefix',
      () => make({ prefix: 'a?/' }),
      `Test/Store: prefix must be folders that end in a slash, got "a?/". ${folders}`,
    ],
    [
      'an early move',
      () => make({ archiveAfter: Duration.days(29) }),
      'Test/Store: archiveAfter must be 30 to 36500 days, got 29. S3 does not move younger objects to this class.',
    ],
    [
      'part of a day',
      () => make({ archiveAfter: Duration.hours(732) }),
      'Test/Store: archiveAfter must be 30 to 36500 days, got 30.5. S3 does not move younger objects to this class.',
    ],
    [
      'no way back',
      () => make({ undeleteWindow: Duration.days(0) }),
      'Test/Store: undeleteWindow must be 1 to 36500 days, got 0. Old versions protect against a wrong overwrite.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `Test/Store: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
    [
      'a setting for a bucket that is there',
      () => withBucket({ archiveAfter: Duration.days(90) }),
      'Test/Store: bucket keeps its own settings, got archiveAfter beside it. Leave archiveAfter out.',
    ],
    [
      'settings for a bucket that is there',
      () => withBucket({ archiveAfter: Duration.days(90), undeleteWindow: Duration.days(9) }),
      'Test/Store: bucket keeps its own settings, got archiveAfter and undeleteWindow beside it. Leave archiveAfter and undeleteWindow out.',
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});

test('a delivery without code adds objects below both prefixes, and finds the bucket', () => {
  const { built, allowed } = synthesize((stack) => {
    const deliverer = new Holder(stack, 'Deliverer');
    const { waitFor, ...target } = new S3Store(stack, 'Store').bindDelivery(deliverer);
    expect(target).toEqual({ bucketArn: expect.any(String), prefix: 'events/', failedPrefix: 'events-failed/' });
    expect(waitFor).toHaveLength(3);
    return deliverer;
  });
  const adds = ['s3:AbortMultipartUpload', 's3:PutObject'];
  expect(allowed(built)).toEqual([
    { Action: adds, Effect: 'Allow', Resource: [{ 'Fn::Join': ['', [theBucket, '/events-failed/*']] }, theObjects] },
    { Action: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'], Effect: 'Allow', Resource: theBucket },
  ]);
});

test('sends an event for each new object below its prefix, and no function of the CDK is needed for it', () => {
  const made = synthesize((stack) => {
    const store = new S3Store(stack, 'Store', { prefix: 'raw/' });
    store.deliverCreated(new SqsBuffer(stack, 'Buffer'));
    return store;
  });
  expect(bucketOf(made).Properties.NotificationConfiguration).toEqual({ EventBridgeConfiguration: { EventBridgeEnabled: true } });
  expect(made.all('AWS::Lambda::Function')).toEqual([]);
  expect(made.one('AWS::Events::Rule').Properties.EventPattern).toEqual({
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: [{ Ref: expect.stringMatching(/^StoreBucket/) }] }, object: { key: [{ prefix: 'raw/' }] } },
  });
});

test('sends no events unless something asks for them', () => {
  expect(bucketOf(make()).Properties.NotificationConfiguration).toBeUndefined();
});

test('refuses a second buffer for its new objects', () => {
  synthesize((stack) => {
    const store = new S3Store(stack, 'Store');
    store.deliverCreated(new SqsBuffer(stack, 'One'));
    expect(() => store.deliverCreated(new SqsBuffer(stack, 'Two'))).toThrow(
      new Error(
        'Test/Store: deliverCreated must be called once, got a second call. For several buffers, deliver into an SNS topic that sends to one queue for each.',
      ),
    );
  });
});

describe('a reader of new objects', () => {
  const processor = (stack: Stack, source: RecordSource, store: S3Store) =>
    new LambdaProcessor(stack, 'Processor', { code: packageHandler('aws/handlers/s3-to-s3'), source, stores: { STORE: store } });
  const reading = (props: S3StoreProps = {}, delivery?: Delivery, encrypted = false) =>
    synthesize((stack) => {
      const encryptionKey = encrypted ? new Key(stack, 'Key') : undefined;
      const store = new S3Store(stack, 'Store', { ...props, encryptionKey });
      const queue = new SqsBuffer(stack, 'Buffer');
      store.deliverCreated(queue);
      return new LambdaProcessor(stack, 'Processor', {
        code: packageHandler('aws/handlers/s3-to-dynamodb'),
        source: store.readCreated(queue),
        stores: { STORE: new DynamoDbStore(stack, 'Rows') },
        delivery,
      });
    });

  test('may read versions of objects below the prefix, and is told where they are', () => {
    const { built, allowed, all } = reading({ prefix: 'raw/' }, {}, true);
    const objects = { 'Fn::Join': ['', [theBucket, '/raw/*']] };
    expect(allowed(built)).toContainEqual({ Action: ['s3:GetObject', 's3:GetObjectVersion'], Effect: 'Allow', Resource: objects });
    expect(allowed(built)).toContainEqual({ Action: 'kms:Decrypt', Effect: 'Allow', Resource: theKey });
    expect(all('AWS::Lambda::Function')[0]!.Properties.Environment.Variables).toMatchObject({
      SOURCE_BUCKET: { Ref: expect.any(String) },
      SOURCE_PREFIX: 'raw/',
    });
  });

  test('gets one object in a call, unless more are asked for', () => {
    const mapping = (delivery?: Delivery) => reading({}, delivery).one('AWS::Lambda::EventSourceMapping').Properties;
    expect(mapping()).toMatchObject({ BatchSize: 1, MaximumBatchingWindowInSeconds: 0 });
    expect(mapping({ batchSize: 20 })).toMatchObject({ BatchSize: 20, MaximumBatchingWindowInSeconds: 5 });
  });

  test('can pull the events itself, and read the objects', () => {
    const { built, allowed } = synthesize((stack) => {
      const [store, queue, reader] = [new S3Store(stack, 'Store'), new SqsBuffer(stack, 'Buffer'), new Holder(stack, 'Reader')];
      store.deliverCreated(queue);
      const { settings, waitFor } = store.readCreated(queue).bindReader(reader, 'NEW');
      expect([Object.keys(settings), waitFor.length]).toEqual([['NEW_QUEUE_URL', 'NEW_BUCKET', 'NEW_PREFIX'], 3]);
      return reader;
    });
    expect(allowed(built).map(({ Action }) => Action)).toContainEqual(['s3:GetObject', 's3:GetObjectVersion']);
  });

  test('may write to another prefix of the same bucket', () => {
    const { all } = synthesize((stack) => {
      const [store, queue] = [new S3Store(stack, 'Store'), new SqsBuffer(stack, 'Buffer')];
      store.deliverCreated(queue);
      return processor(stack, store.readCreated(queue), new S3Store(stack, 'Curated', { bucket: store.bucket, prefix: 'curated/' }));
    });
    expect(all('AWS::Lambda::Function')).toHaveLength(1);
  });

  test.each([
    ['the store itself', undefined],
    ['a part of it', 'events/large/'],
  ])('is refused if it writes to %s', (_, prefix) => {
    synthesize((stack) => {
      const [store, queue] = [new S3Store(stack, 'Store'), new SqsBuffer(stack, 'Buffer')];
      store.deliverCreated(queue);
      const target = prefix === undefined ? store : new S3Store(stack, 'Part', { bucket: store.bucket, prefix });
      expect(() => processor(stack, store.readCreated(queue), target)).toThrow(
        new Error(
          'Test/Processor: a reader of new objects must not write where it reads, got Test/Store for both. ' +
            'Each object that it writes would call it again, without end: give another store, or one with another prefix.',
        ),
      );
    });
  });

  test('needs the events of the store, in a queue', () => {
    synthesize((stack) => {
      const store = new S3Store(stack, 'Store');
      const [queue, stream] = [new SqsBuffer(stack, 'Buffer'), new KinesisBuffer(stack, 'Stream')];
      expect(() => store.readCreated(queue)).toThrow(
        new Error('Test/Store: readCreated requires events of new objects, got none. Call deliverCreated with the queue first.'),
      );
      store.deliverCreated(stream);
      expect(() => store.readCreated(stream)).toThrow(
        new Error(
          'Test/Store: readCreated requires a queue, got a source of kinesis. Give the queue of deliverCreated: a queue retries each object alone.',
        ),
      );
    });
  });

  test('keeps its own variables', () => {
    synthesize((stack) => {
      const [store, queue] = [new S3Store(stack, 'Store'), new SqsBuffer(stack, 'Buffer')];
      store.deliverCreated(queue);
      const make = (id: string, props: Partial<LambdaProcessorProps>) => () =>
        new LambdaProcessor(stack, id, { code: Code.fromInline('0'), source: store.readCreated(queue), stores: {}, ...props });
      expect(make('A', { environment: { SOURCE_PREFIX: 'x/' } })).toThrow(
        new Error(
          'Test/A: environment must not set a variable of a store, got SOURCE_PREFIX. The processor sets the variables that start with SOURCE.',
        ),
      );
      expect(make('B', { stores: { SOURCE: new S3Store(stack, 'Other') } })).toThrow(
        new Error('Test/B: stores must not be named SOURCE, got one. With this source, the processor sets SOURCE_BUCKET: rename it.'),
      );
    });
  });
});

describe('a replica', () => {
  const mine = (stack: Stack, more: Partial<BucketAttributes> = {}) =>
    Bucket.fromBucketAttributes(stack, 'Replica', { bucketArn: 'arn:aws:s3:::replica', region: 'eu-central-1', ...more });
  const replicated = (props?: (stack: Stack) => S3StoreProps, more?: Partial<BucketAttributes>) =>
    synthesize((stack) => new S3Store(stack, 'Store', { replica: mine(stack, more), ...props?.(stack) }));
  const configurationOf = (made: ReturnType<typeof replicated>) => bucketOf(made).Properties.ReplicationConfiguration.Rules;

  test('gets each new object below the prefix; deletions stay here', () => {
    expect(configurationOf(replicated())).toEqual([
      {
        Id: 'replica',
        Priority: 1,
        Status: 'Enabled',
        Filter: { Prefix: 'events/' },
        DeleteMarkerReplication: { Status: 'Disabled' },
        Destination: { Bucket: 'arn:aws:s3:::replica', Metrics: { Status: 'Enabled' } },
      },
    ]);
  });

  test('takes exactly the permissions that the template gives', () => {
    const { resources } = replicated();
    const identities = cloudFormationPrivileges(new CfnStack({ Resources: resources } as unknown as CfnTemplate));
    expect(identities.flatMap(({ findings }) => findings)).toEqual([]);
    expect(identities.map(({ name }) => name)).toContain('Store replication role');
  });

  test('of another account owns its copies', () => {
    const [{ Destination }] = configurationOf(replicated(undefined, { account: '210987654321' }));
    expect(Destination).toMatchObject({ Account: '210987654321', AccessControlTranslation: { Owner: 'Destination' } });
  });

  test('with a key gets objects that are encrypted with it', () => {
    const key = 'arn:aws:kms:eu-central-1:123456789012:key/k';
    const made = synthesize((stack) => {
      const replica = mine(stack, { encryptionKey: Key.fromKeyArn(stack, 'ReplicaKey', key) });
      return new S3Store(stack, 'Store', { encryptionKey: new Key(stack, 'Key'), replica });
    });
    expect(configurationOf(made)).toMatchObject([
      {
        SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
        Destination: { EncryptionConfiguration: { ReplicaKmsKeyID: key } },
      },
    ]);
    expect(made.allowed(made.built).slice(-2)).toMatchObject([
      { Action: 'kms:Decrypt', Resource: theKey },
      { Action: ['kms:Encrypt', 'kms:GenerateDataKey'], Resource: key },
    ]);
  });

  test('with a key of a store without one selects encrypted objects too: S3 accepts the key of the replica only with it', () => {
    const encryptionKey = (stack: Stack) => Key.fromKeyArn(stack, 'ReplicaKey', 'arn:aws:kms:eu-central-1:123456789012:key/k');
    const made = synthesize((stack) => new S3Store(stack, 'Store', { replica: mine(stack, { encryptionKey: encryptionKey(stack) }) }));
    expect(configurationOf(made)).toMatchObject([{ SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } } }]);
  });

  test('has an alarm on copies that fail', () => {
    expect(replicated().one('AWS::CloudWatch::Alarm').Properties).toMatchObject({
      MetricName: 'OperationsFailedReplication',
      Dimensions: [{ Name: 'DestinationBucket', Value: 'replica' }, { Name: 'RuleId', Value: 'replica' }, { Name: 'SourceBucket' }],
    });
  });

  test('without a key is refused for a store with a key', () => {
    expect(() => replicated((stack) => ({ encryptionKey: new Key(stack, 'Key') }))).toThrow(
      new Error(
        'Test/Store: replica must come with its encryptionKey, got Test/Replica. S3 copies objects with a key of yours only to a bucket with a key: import it with Bucket.fromBucketAttributes.',
      ),
    );
  });
});
