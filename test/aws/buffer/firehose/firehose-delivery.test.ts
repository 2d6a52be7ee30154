import { Duration, type Stack, Token } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { FirehoseDelivery, type FirehoseDeliveryProps } from '../../../../aws/buffer/firehose/firehose-delivery';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import type { DirectStore } from '../../../../aws/ports/delivery';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

type Settings = Partial<FirehoseDeliveryProps>;

const STREAM = 'AWS::KinesisFirehose::DeliveryStream';
const make = (props: Settings | ((stack: Stack) => Settings) = {}) =>
  synthesize((stack) => {
    const store = new S3Store(stack, 'Store');
    return new FirehoseDelivery(stack, 'Buffer', { store, ...(typeof props === 'function' ? props(stack) : props) });
  });
const fromStream = (stack: Stack) => ({ source: new KinesisBuffer(stack, 'Stream') });
/** A store that is read as a Parquet table. */
const inTable =
  (partitions: readonly string[] = []) =>
  (stack: Stack) => {
    const store = new S3Store(stack, 'Lake');
    const table = { databaseName: 'lake', tableName: 'events', partitions };
    return { store: Object.assign(new Construct(stack, 'Table'), { table, bindDelivery: store.bindDelivery.bind(store) }) as DirectStore };
  };

type Made = ReturnType<typeof make>;
const streamOf = ({ one }: Made) => one(STREAM).Properties;
const targetOf = (made: Made) => streamOf(made).ExtendedS3DestinationConfiguration;
const processorsOf = (made: Made): string[] => targetOf(made).ProcessingConfiguration.Processors.map(({ Type }: { Type: string }) => Type);
const alarmsOf = (made: Made): string[] =>
  made.built.alarms.map(
    (alarm) =>
      made.resources[alarm.stack.resolve((alarm.node.defaultChild as never as { logicalId: string }).logicalId)]!.Properties.MetricName,
  );

test('the snapshot', () => {
  const { built, madeBy } = make();
  const all = Object.entries(madeBy(built));
  const part = (id: string, Type: string) =>
    Type === 'AWS::CloudWatch::Alarm' ? 'alarms' : id.includes('Transform') ? 'transform' : 'delivery';
  const only = (name: string) => Object.fromEntries(all.filter(([id, { Type }]) => part(id, Type) === name));
  expectSnapshot(
    'aws/buffer/firehose/firehose-delivery.snapshot.yaml',
    'Prefix has the folders that queries read. What fails has a prefix of its own. The role may write below both, and read nothing.',
    only('delivery'),
  );
  expectSnapshot(
    'aws/buffer/firehose/transform.snapshot.yaml',
    'The function checks each record. It may do nothing but write its logs.',
    only('transform'),
  );
  expectSnapshot(
    'aws/buffer/firehose/alarms.snapshot.yaml',
    'FailedRecords is counted by the function, because Firehose counts no records that it stores below the failed prefix.',
    only('alarms'),
  );
});

test('documents the defaults that it has', () => {
  const made = make();
  const { IntervalInSeconds, SizeInMBs } = targetOf(made).BufferingHints;
  const { RetentionInDays } = made.all('AWS::Logs::LogGroup')[0]!.Properties;
  expect(documentedDefaults('aws/buffer/firehose/firehose-delivery.ts', 'FirehoseDeliveryProps')).toEqual({
    transform: made.built.transform ? 'contract' : 'none',
    bufferInterval: `${IntervalInSeconds / 60} minutes`,
    bufferMiB: String(SizeInMBs),
    logRetention: { 30: 'one month' }[RetentionInDays as 30],
  });
});

test('accepts every setting', () => {
  const made = make((stack) => ({
    transform: 'none',
    partitionBy: { tenant: '.data.tenant', kind: '.type' },
    bufferInterval: Duration.minutes(15),
    bufferMiB: 128,
    encryptionKey: new Key(stack, 'Key'),
    logRetention: RetentionDays.ONE_YEAR,
  }));
  expect(streamOf(made).DeliveryStreamEncryptionConfigurationInput).toEqual({
    KeyType: 'CUSTOMER_MANAGED_CMK',
    KeyARN: { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] },
  });
  expect(targetOf(made)).toMatchObject({
    BufferingHints: { IntervalInSeconds: 900, SizeInMBs: 128 },
    DynamicPartitioningConfiguration: { Enabled: true },
    Prefix: expect.stringMatching(/^events\/tenant=!{partitionKeyFromQuery:tenant}\/kind=!{partitionKeyFromQuery:kind}\/year=/),
  });
  expect(targetOf(made).ProcessingConfiguration.Processors[0].Parameters[0].ParameterValue).toBe('{tenant:(.data.tenant),kind:(.type)}');
  expect(made.all('AWS::Lambda::Function')).toEqual([]);
});

test('a partition can have an alternative: without parentheses, jq refuses operators in the value of an object', () => {
  const made = make({ transform: 'none', partitionBy: { tenant: '.data.tenant // "none"' } });
  const [{ ParameterValue }] = targetOf(made).ProcessingConfiguration.Processors[0].Parameters;
  expect(ParameterValue).toBe('{tenant:(.data.tenant // "none")}');
});

test('accepts an interval that is known only at deploy', () => {
  const bufferInterval = Duration.seconds(Token.asNumber({ Ref: 'Interval' }));
  expect(targetOf(make({ bufferInterval })).BufferingHints.IntervalInSeconds).toEqual({ Ref: 'Interval' });
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) => {
    const store = new S3Store(stack, 'Store');
    return ['A', 'B'].map((id) => new FirehoseDelivery(stack, id, { store }));
  });
  expect(all(STREAM)).toHaveLength(2);
});

describe('an object', () => {
  test('is in the folder of its hour, in the form in which the S3 sink names folders', () => {
    expect(targetOf(make()).Prefix).toBe('events/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/');
  });

  test('has one line for each record, and is compressed', () => {
    const made = make();
    expect([processorsOf(made).at(-1), targetOf(made).CompressionFormat, targetOf(made).FileExtension]).toEqual([
      'AppendDelimiterToRecord',
      'GZIP',
      '.ndjson.gz',
    ]);
  });

  test('of failed records is not below the prefix that queries read', () => {
    const { Prefix, ErrorOutputPrefix } = targetOf(make());
    expect(ErrorOutputPrefix).toMatch(/^events-failed\/!{firehose:error-output-type}\//);
    expect(ErrorOutputPrefix.startsWith(Prefix.split('year')[0])).toBe(false);
  });
});

describe('with a table', () => {
  const made = make(inTable());

  test('records are converted to Parquet with its columns', () => {
    const { SchemaConfiguration } = targetOf(made).DataFormatConversionConfiguration;
    expect(SchemaConfiguration).toMatchObject({ DatabaseName: 'lake', TableName: 'events', VersionId: 'LATEST' });
    expect([targetOf(made).CompressionFormat, targetOf(made).FileExtension]).toEqual(['UNCOMPRESSED', undefined]);
  });

  test('no delimiter is added, because records are parsed', () => expect(processorsOf(made)).toEqual(['Lambda']));

  test('the transform makes text of each value, because the columns are text', () => {
    expect(made.one('AWS::Lambda::Function').Properties.Environment.Variables).toEqual({ AS_TEXT: 'yes', ONE_ROW: 'no' });
  });

  test('records that do not fit raise an alarm', () => expect(alarmsOf(made)).toContain('FailedConversion.Records'));

  test('its partitions are those of the delivery', () => {
    const partitioned = make((stack) => ({ ...inTable(['tenant'])(stack), partitionBy: { tenant: '.data | fromjson | .tenant' } }));
    expect(targetOf(partitioned).Prefix).toMatch(/^events\/tenant=/);
    expect(alarmsOf(partitioned)).toContain('PartitionCountExceeded');
    expect(partitioned.one('AWS::Lambda::Function').Properties.Environment.Variables.ONE_ROW).toBe('yes');
  });
});

describe('with a source', () => {
  const made = make(fromStream);

  test('the stream is read with the rights of Firehose, and encrypts the records', () => {
    expect(streamOf(made)).toMatchObject({
      DeliveryStreamType: 'KinesisStreamAsSource',
      KinesisStreamSourceConfiguration: { KinesisStreamARN: { 'Fn::GetAtt': [expect.stringMatching(/^Stream/), 'Arn'] } },
    });
    expect(streamOf(made).DeliveryStreamEncryptionConfigurationInput).toBeUndefined();
  });

  test('a delivery that is behind raises an alarm, and refused senders raise none', () => {
    expect(alarmsOf(made)).toContain('KinesisMillisBehindLatest');
    expect(alarmsOf(made)).not.toContain('ThrottledRecords');
  });
});

test('the first partition makes a new delivery stream, because Firehose cannot add one to an existing stream', () => {
  const idOf = (props: Settings) => Object.entries(make(props).resources).find(([, { Type }]) => Type === STREAM)![0];
  const one = { transform: 'none', partitionBy: { tenant: '.data.tenant' } } as const;
  expect(idOf({ transform: 'none' })).not.toBe(idOf(one));
  expect(idOf(one)).toBe(idOf({ ...one, partitionBy: { tenant: '.subject' } }));
});

test('it is created after its permissions', () => {
  const { one, madeBy, built } = make();
  const policies = Object.entries(madeBy(built.role)).filter(([, { Type }]) => Type === 'AWS::IAM::Policy');
  expect(one(STREAM).DependsOn).toEqual(expect.arrayContaining(policies.map(([id]) => id)));
});

test('a key of the store may be used to write, and to complete large objects', () => {
  const made = make((stack) => ({ store: new S3Store(stack, 'Mine', { encryptionKey: new Key(stack, 'Key') }) }));
  const onKey = made.allowed(made.built.role).find(({ Action }) => String(Action).includes('kms'));
  expect(onKey).toMatchObject({
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] },
  });
});

test('calls a function of the user in place of its own', () => {
  const made = make((stack) => ({
    transform: LambdaFunction.fromFunctionArn(stack, 'Mine', 'arn:aws:lambda:eu-west-1:123456789012:function:mine'),
  }));
  expect([made.built.transform, made.all('AWS::Lambda::Function')]).toEqual([undefined, []]);
  expect(JSON.stringify(targetOf(made).ProcessingConfiguration)).toContain('function:mine');
  expect(made.allowed(made.built.role)).toContainEqual(
    expect.objectContaining({ Resource: 'arn:aws:lambda:eu-west-1:123456789012:function:mine' }),
  );
});

test('delivers to an existing bucket', () => {
  const made = make((stack) => ({ store: new S3Store(stack, 'Mine', { bucket: Bucket.fromBucketName(stack, 'Lake', 'lake') }) }));
  expect(JSON.stringify(targetOf(made).BucketARN)).toContain(':s3:::lake');
});

describe('whoever puts records may put them, and nothing else:', () => {
  const workload = (stack: Stack) =>
    Object.assign(new Construct(stack, 'Sender'), {
      role: new Role(stack, 'SenderRole', { assumedBy: new ServicePrincipal('ecs.amazonaws.com') }),
    });
  const bind = (how: (delivery: FirehoseDelivery, sender: ReturnType<typeof workload>) => unknown) => {
    let bound: unknown;
    const made = synthesize((stack) => {
      const sender = workload(stack);
      bound = stack.resolve(how(new FirehoseDelivery(stack, 'Buffer', { store: new S3Store(stack, 'Store') }), sender));
      return sender.role;
    });
    return { bound, actions: made.allowed(made.built).map(({ Action }) => Action) };
  };

  test('a writer', () => {
    const { bound, actions } = bind((delivery, sender) => delivery.bindWriter(sender, 'BUFFER').settings);
    expect(bound).toEqual({ BUFFER_DELIVERY_STREAM: { Ref: expect.stringMatching(/^BufferStream/) } });
    expect(actions).toEqual([['firehose:PutRecord', 'firehose:PutRecordBatch']]);
  });

  test('a service without code', () => {
    const record = { text: '$text', dataBase64: '$data', partitionKeyJson: '$key' };
    const { bound, actions } = bind((delivery, sender) => ({ ...delivery.bindRequest(sender, record), waitFor: [] }));
    expect(bound).toMatchObject({ service: 'firehose', action: 'PutRecord', receipt: 'RecordId' });
    expect(JSON.stringify(bound)).toContain(',\\"Record\\":{\\"Data\\":\\"$data\\"}}');
    expect(actions).toEqual(['firehose:PutRecord']);
  });

  test('a rule of EventBridge', () => {
    const { bound, actions } = bind((delivery, sender) => {
      const { waitFor: _, ...target } = delivery.bindRule(Object.assign(sender, { ruleArn: 'arn' }));
      return target;
    });
    expect(bound).toMatchObject({ usesRole: true, takesPartitionKey: false });
    expect(actions).toEqual([['firehose:PutRecord', 'firehose:PutRecordBatch']]);
  });
});

describe('refuses', () => {
  const small = { bufferMiB: 5 };
  const key = (stack: Stack) => Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/k');

  test.each<[string, Settings | ((stack: Stack) => Settings), string]>([
    [
      'a long interval',
      { bufferInterval: Duration.minutes(20) },
      'bufferInterval must be 0 to 900 seconds, got 1200. Firehose buffers records for at most 15 minutes.',
    ],
    [
      'a short interval with partitions',
      { bufferInterval: Duration.seconds(30), partitionBy: { tenant: '.data.tenant' } },
      'bufferInterval must be 60 to 900 seconds, got 30. With partitionBy, Firehose buffers records for 1 to 15 minutes.',
    ],
    ['a large buffer', { bufferMiB: 256 }, 'bufferMiB must be 1 to 128 MiB, got 256. Firehose has no other sizes.'],
    [
      'a small buffer for Parquet',
      (stack) => ({ ...inTable()(stack), ...small }),
      'bufferMiB must be 64 to 128 MiB, got 5. Firehose needs a large buffer to write Parquet, and for partitionBy.',
    ],
    [
      'a small buffer with partitions',
      { ...small, partitionBy: { tenant: '.data.tenant' } },
      'bufferMiB must be 64 to 128 MiB, got 5. Firehose needs a large buffer to write Parquet, and for partitionBy.',
    ],
    [
      'a key beside a source',
      (stack) => ({ ...fromStream(stack), encryptionKey: key(stack) }),
      'encryptionKey must be left out with a source, got both. Firehose does not encrypt what it reads from a stream: set encryptionKey of the stream.',
    ],
    [
      'a store that Firehose cannot write to',
      (stack) => ({ store: new Construct(stack, 'Rows') as never }),
      'store must be one that Firehose can use without code, got Construct. Use S3Store, or the Parquet table of GlueCatalog, or a LambdaProcessor between buffer and store.',
    ],
    [
      'a store as its source',
      (stack) => ({ source: new S3Store(stack, 'Rows') as never }),
      'source must be one that Firehose can use without code, got S3Store. Use KinesisBuffer, or a LambdaProcessor between buffer and store.',
    ],
    [
      'a source that Firehose cannot read',
      (stack) => ({ source: new Construct(stack, 'Queue') as never }),
      'source must be one that Firehose can use without code, got Construct. Use KinesisBuffer, or a LambdaProcessor between buffer and store.',
    ],
    [
      'a partition by time',
      { partitionBy: { hour: '.time' } },
      'partitionBy must leave the partitions by time out, got hour. Every delivery has year, month, day and hour.',
    ],
    [
      'a name that is no column',
      { partitionBy: { Tenant: '.data.tenant' } },
      'partitionBy must be named in lower-case letters, digits and underscores, a letter first, got "Tenant". The name is a column of the table and a part of the key: { tenant: .data.tenant }.',
    ],
    [
      'an expression that is none',
      { partitionBy: { tenant: 'tenant' } },
      'partitionBy must have jq expressions that start with a dot, got "tenant". Write it like { tenant: .data.tenant }.',
    ],
    [
      'a list of partitions',
      { partitionBy: ['tenant'] as never },
      'partitionBy must be an object, got tenant. Write it like { tenant: .data.tenant }.',
    ],
    [
      'more partitions than a prefix can have',
      { partitionBy: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`p${index}`, '.subject'])) },
      'partitionBy must have at most 50 names, got 51. Firehose allows no more.',
    ],
    [
      'partitions that the table does not have',
      (stack) => ({ ...inTable()(stack), partitionBy: { tenant: '.data.tenant' } }),
      'partitionBy must have the partitions of the table, which are none beside the time, got tenant. Otherwise queries do not find the objects.',
    ],
    [
      'partitions of the table that are left out',
      inTable(['tenant', 'kind']),
      'partitionBy must have the partitions of the table, which are tenant and kind, got none. Otherwise queries do not find the objects.',
    ],
    [
      'a transform that is none',
      { transform: 'maybe' as never },
      'transform must be contract or none, got "maybe". Leave it out to keep the event contract, or give a function.',
    ],
  ])('%s', (_, props, message) => {
    expect(() => make(props)).toThrow(new Error(`Test/Buffer: ${message}`));
  });

  test('senders beside a source', () => {
    const send = () =>
      make((stack) => {
        const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ecs.amazonaws.com') });
        const delivery = new FirehoseDelivery(stack, 'Delivery', { store: new S3Store(stack, 'Lake'), ...fromStream(stack) });
        delivery.bindWriter(Object.assign(new Construct(stack, 'Sender'), { role }), 'BUFFER');
        return {};
      });
    expect(send).toThrow(
      'Test/Delivery: a delivery from a source must have no senders, got Test/Sender. Let senders write to the source, or leave the source out.',
    );
  });
});
