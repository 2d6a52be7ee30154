import { Duration, Stack, Token } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, type IFunction, Function as LambdaFunction, Runtime, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { SqsBuffer, type SqsBufferProps } from '../../../../aws/buffer/sqs/sqs-buffer';
import type { Delivery } from '../../../../aws/ports/delivery';
import type { FunctionWorkload } from '../../../../aws/ports/identity';
import { removalOf, synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';

const make = (props?: SqsBufferProps, context?: Record<string, unknown>) =>
  synthesize((stack) => new SqsBuffer(stack, 'Buffer', props), context);

/** A function as a target of a delivery. */
class Target extends Construct implements FunctionWorkload {
  readonly role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  readonly function: IFunction;

  constructor(scope: Construct, id: string, timeout?: Duration) {
    super(scope, id);
    this.function = new LambdaFunction(this, 'Function', {
      code: Code.fromInline('exports.handler = () => {}'),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      role: this.role,
      timeout,
    });
  }
}

/** A queue that delivers to a function with a timeout of a minute. */
function deliver(delivery?: Delivery, props?: SqsBufferProps | ((stack: Stack) => SqsBufferProps), timeout = Duration.minutes(1)) {
  return synthesize((stack) => {
    const target = new Target(stack, 'Target', timeout);
    const buffer = new SqsBuffer(stack, 'Buffer', typeof props === 'function' ? props(stack) : props);
    buffer.deliverTo(target, delivery);
    return target;
  });
}

/** The queue of the buffer, not the dead-letter queue. */
const queueOf = ({ all }: ReturnType<typeof synthesize>) =>
  all('AWS::SQS::Queue').find(({ Properties }) => Properties.RedrivePolicy !== undefined)!;
const mappingOf = ({ one }: ReturnType<typeof synthesize>) => one('AWS::Lambda::EventSourceMapping').Properties;
const imported = (stack: Stack, name = 'mine') => Queue.fromQueueArn(stack, name, `arn:aws:sqs:eu-west-1:123456789012:${name}`);
const withKeys = (stack: Stack): SqsBufferProps => ({ encryptionKey: new Key(stack, 'Key') });

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/buffer/sqs/sqs-buffer.snapshot.yaml',
    'Both queues are encrypted, deny requests without TLS and are retained. maxReceiveCount and VisibilityTimeout make the tries last a day.',
    madeBy(built),
  );
});

test('documents the defaults that it has', () => {
  const { Properties, DeletionPolicy } = queueOf(make());
  expect(documentedDefaults('aws/buffer/sqs/sqs-buffer.ts', 'SqsBufferProps')).toEqual({
    retention: `${Properties.MessageRetentionPeriod / 86_400} days`,
    removal: removalOf(DeletionPolicy),
  });
});

test('accepts every setting', () => {
  const settings = { retention: Duration.days(2), maxRetries: 3, visibilityTimeout: Duration.minutes(2), maxConcurrency: 5 } as const;
  const made = synthesize(
    (stack) => {
      const buffer = new SqsBuffer(stack, 'Buffer', { ...settings, ...withKeys(stack), removal: 'destroy' });
      buffer.deliverTo(new Target(stack, 'Target'));
    },
    { destroyData: 'yes' },
  );
  expect(queueOf(made).Properties).toMatchObject({
    MessageRetentionPeriod: 2 * 86_400,
    VisibilityTimeout: 120,
    RedrivePolicy: { maxReceiveCount: 4 },
    KmsMasterKeyId: { 'Fn::GetAtt': [expect.stringContaining('Key'), 'Arn'] },
  });
  expect(mappingOf(made).ScalingConfig).toEqual({ MaximumConcurrency: 5 });
  expect(made.all('AWS::SQS::Queue').map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(['Delete', 'Delete']);
});

test('uses existing queues, and does not change them', () => {
  const made = deliver({}, (stack) => ({ queue: imported(stack), deadLetterQueue: imported(stack, 'dead') }));
  expect(made.all('AWS::SQS::Queue')).toEqual([]);
  expect(mappingOf(made).EventSourceArn).toBe('arn:aws:sqs:eu-west-1:123456789012:mine');
  expect(made.allowed(made.built).map(({ Resource }) => Resource)).toEqual(['arn:aws:sqs:eu-west-1:123456789012:mine']);
});

test('uses an existing dead letter in the redrive policy', () => {
  const made = synthesize((stack) => new SqsBuffer(stack, 'Buffer', { deadLetterQueue: imported(stack, 'dead') }));
  expect(made.one('AWS::SQS::Queue').Properties.RedrivePolicy.deadLetterTargetArn).toBe('arn:aws:sqs:eu-west-1:123456789012:dead');
});

test('a key of the user encrypts its new dead letter too, because letters have whole events', () => {
  const { all } = synthesize((stack) => new SqsBuffer(stack, 'Buffer', withKeys(stack)));
  const key = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
  expect(all('AWS::SQS::Queue').map(({ Properties }) => Properties.KmsMasterKeyId)).toEqual([key, key]);
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) => [new SqsBuffer(stack, 'A'), new SqsBuffer(stack, 'B')]);
  expect(all('AWS::SQS::Queue')).toHaveLength(4);
});

test('accepts a retention that is known only at deploy; then the alarm on late messages has a threshold of an hour', () => {
  const made = make({ retention: Duration.seconds(Token.asNumber({ Ref: 'Retention' })) });
  expect(queueOf(made).Properties.MessageRetentionPeriod).toEqual({ Ref: 'Retention' });
  expect(made.all('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties.Threshold)).toEqual([3600, 1, 1]);
});

test('a failed message is retried for a day, separately, and then goes to the dead letter', () => {
  const made = deliver();
  const { VisibilityTimeout, RedrivePolicy } = queueOf(made).Properties;
  expect(VisibilityTimeout * RedrivePolicy.maxReceiveCount).toBeGreaterThanOrEqual(86_400);
  expect(mappingOf(made).FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
  expect(queueOf(made).Properties.RedrivePolicy).toEqual({
    deadLetterTargetArn: { 'Fn::GetAtt': [expect.stringContaining('DeadLetter'), 'Arn'] },
    maxReceiveCount: 237,
  });
});

test('the mapping has no setting that Lambda allows for streams only', () => {
  expect(Object.keys(mappingOf(deliver())).sort()).toEqual([
    'BatchSize',
    'Enabled',
    'EventSourceArn',
    'FunctionName',
    'FunctionResponseTypes',
    'MaximumBatchingWindowInSeconds',
  ]);
});

test('the dead letter has the maximum retention of SQS, because a moved message keeps its age', () => {
  const { all } = make({ retention: Duration.days(14) });
  expect(all('AWS::SQS::Queue').map(({ Properties }) => Properties.MessageRetentionPeriod / 86_400)).toEqual([14, 14]);
});

describe('a message is hidden', () => {
  const hidden = (made: ReturnType<typeof synthesize>) => queueOf(made).Properties.VisibilityTimeout;

  test('for six times the timeout of the function, plus the batch window', () => {
    expect(hidden(deliver())).toBe(6 * 60 + 5);
    expect(hidden(deliver({ batchWindow: Duration.minutes(5) }, {}, Duration.seconds(10)))).toBe(6 * 10 + 300);
  });

  test('for six minutes and the batch window if the timeout is not known while synthesizing', () => {
    const made = synthesize((stack) => {
      const { role } = new Target(stack, 'Other');
      const elsewhere = LambdaFunction.fromFunctionArn(stack, 'Mine', 'arn:aws:lambda:eu-west-1:123456789012:function:mine');
      const target = Object.assign(new Construct(stack, 'Target'), { role, function: elsewhere });
      new SqsBuffer(stack, 'Buffer').deliverTo(target);
    });
    expect(hidden(made)).toBe(365);
    expect(hidden(deliver({}, {}, Duration.seconds(Token.asNumber({ Ref: 'Timeout' }))))).toBe(365);
  });

  test('for six minutes without a function', () => expect(hidden(make())).toBe(360));

  test('for at least 90 seconds, so that the maximum number of receives takes a day', () => {
    const made = deliver({ batchWindow: Duration.seconds(1) }, {}, Duration.seconds(1));
    expect(queueOf(made).Properties).toMatchObject({ VisibilityTimeout: 90, RedrivePolicy: { maxReceiveCount: 960 } });
  });

  test('and received fewer times with a short retention, so that it goes to the dead letter before the queue deletes it', () => {
    const made = deliver({}, { retention: Duration.hours(1) });
    expect(queueOf(made).Properties).toMatchObject({ VisibilityTimeout: 365, RedrivePolicy: { maxReceiveCount: 9 } });
  });

  test('and received at least eleven times, also with a long visibility timeout', () => {
    const made = deliver({}, { visibilityTimeout: Duration.hours(12) });
    expect(queueOf(made).Properties.RedrivePolicy.maxReceiveCount).toBe(11);
  });

  test('as long as the setting says', () => {
    expect(hidden(deliver({}, { visibilityTimeout: Duration.minutes(1) }))).toBe(60);
  });
});

test('the visibility timeout of a queue is raised before the timeout of its function', () => {
  const { one, resources } = deliver();
  const queues = Object.keys(resources).filter((id) => resources[id]!.Type === 'AWS::SQS::Queue' && /^BufferQueue/.test(id));
  expect(one('AWS::Lambda::Function').DependsOn).toEqual(expect.arrayContaining(queues));
  expect(queues).toHaveLength(1);
});

test('delivery starts only when the function may read', () => {
  const { one, madeBy, built } = deliver();
  const policies = Object.entries(madeBy(built)).filter(([, { Type }]) => Type === 'AWS::IAM::Policy');
  expect(policies).toHaveLength(1);
  expect(one('AWS::Lambda::EventSourceMapping').DependsOn).toEqual(expect.arrayContaining(policies.map(([id]) => id)));
});

describe('permissions', () => {
  const onQueue = { 'Fn::GetAtt': [expect.stringMatching(/^BufferQueue/), 'Arn'] };
  const onDeadLetter = { 'Fn::GetAtt': [expect.stringMatching(/^BufferDeadLetter/), 'Arn'] };
  const onKey = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };

  /** The permissions of a role after `bind`, and the settings that it returns. */
  function grants(bind: (buffer: SqsBuffer<IQueue>, holder: Target) => { settings: object } | undefined, props = withKeys) {
    let settings: string[] = [];
    const { built, allowed } = synthesize((stack) => {
      const holder = new Target(stack, 'Holder');
      settings = Object.keys(bind(new SqsBuffer(stack, 'Buffer', props(stack)), holder)?.settings ?? {});
      return holder;
    });
    return { settings, may: allowed(built).map(({ Action, Resource }) => [Action, Resource]) };
  }

  test('a writer may send to this queue and use its key, and nothing else', () => {
    expect(grants((buffer, writer) => buffer.bindWriter(writer, 'EVENTS'))).toEqual({
      settings: ['EVENTS_QUEUE_URL'],
      may: [
        ['sqs:SendMessage', onQueue],
        [['kms:Decrypt', 'kms:GenerateDataKey'], onKey],
      ],
    });
  });

  test('a service without code may do the same, with the returned request', () => {
    const record = { text: '$text', dataBase64: '', partitionKeyJson: '' };
    const { may } = grants((buffer, writer) => {
      buffer.bindRequest(writer, record);
      return undefined;
    });
    expect(may).toEqual(grants((buffer, writer) => buffer.bindWriter(writer, 'EVENTS')).may);
  });

  test('a function may receive and delete, look at the queue, and decrypt with its key', () => {
    const { may } = grants((buffer, reader) => {
      buffer.deliverTo(reader);
      return undefined;
    });
    expect(may).toEqual([
      [['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'], onQueue],
      ['kms:Decrypt', onKey],
    ]);
  });

  test('a reader that pulls may also change the visibility timeout', () => {
    expect(grants((buffer, reader) => buffer.bindReader(reader, 'EVENTS'))).toEqual({
      settings: ['EVENTS_QUEUE_URL'],
      may: [
        [['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'], onQueue],
        ['kms:Decrypt', onKey],
      ],
    });
  });

  test('a handler may add letters to the dead letter, and not to the queue', () => {
    expect(grants((buffer, handler) => buffer.deadLetter.bindWriter(handler, 'DEAD_LETTER'))).toEqual({
      settings: ['DEAD_LETTER_QUEUE_URL'],
      may: [
        ['sqs:SendMessage', onDeadLetter],
        [['kms:Decrypt', 'kms:GenerateDataKey'], onKey],
      ],
    });
  });

  test('a writer to a dead letter with a KMS key may use the key', () => {
    const props = (stack: Stack) => ({ deadLetterQueue: new Queue(stack, 'Dead', { encryptionMasterKey: new Key(stack, 'Key') }) });
    const { may } = grants((buffer, handler) => buffer.deadLetter.bindWriter(handler, 'DEAD_LETTER'), props);
    expect(may).toContainEqual([['kms:Decrypt', 'kms:GenerateDataKey'], onKey]);
  });

  test('without a KMS key no permission for a key is granted', () => {
    const { may } = grants(
      (buffer, reader) => buffer.bindReader(reader, 'EVENTS'),
      () => ({}),
    );
    expect(may).toHaveLength(1);
  });
});

test('every alarm watches its queue, and the alarm on late messages is raised before they are deleted', () => {
  const alarms = (props?: SqsBufferProps) =>
    make(props)
      .all('AWS::CloudWatch::Alarm')
      .filter(({ Properties }) => Properties.MetricName)
      .map(({ Properties: { MetricName, Dimensions, Threshold } }) => [MetricName, Dimensions[0].Value['Fn::GetAtt'][0], Threshold]);
  const dead = ['ApproximateNumberOfMessagesVisible', expect.stringMatching(/^BufferDeadLetter/), 1];
  const late = (seconds: number) => ['ApproximateAgeOfOldestMessage', expect.stringMatching(/^BufferQueue/), seconds];
  expect(alarms()).toEqual([late(3600), dead]);
  expect(alarms({ retention: Duration.minutes(10) })).toEqual([late(300), dead]);
});

describe('refuses', () => {
  const brought = (props: (stack: Stack) => SqsBufferProps) => () => synthesize((stack) => new SqsBuffer(stack, 'Buffer', props(stack)));
  const twice = (first: 'push' | 'pull', second: 'push' | 'pull') => () =>
    synthesize((stack) => {
      const buffer = new SqsBuffer(stack, 'Buffer');
      const read = { push: (reader: Target) => buffer.deliverTo(reader), pull: (reader: Target) => buffer.bindReader(reader, 'BUFFER') };
      read[first](new Target(stack, 'First'));
      read[second](new Target(stack, 'Second'));
    });
  const oneReader =
    'Test/Buffer: a queue must have one reader, got Test/Second after Test/First. For several readers, create one buffer for each, or an SNS topic that sends to one queue for each.';

  test.each<[string, () => unknown, string]>([
    [
      'a short retention',
      () => make({ retention: Duration.seconds(59) }),
      'Test/Buffer: retention must be 60 to 1209600 seconds, got 59. To keep records for longer, write them to a store.',
    ],
    [
      'a long retention',
      () => make({ retention: Duration.days(15) }),
      'Test/Buffer: retention must be 60 to 1209600 seconds, got 1296000. To keep records for longer, write them to a store.',
    ],
    [
      'more retries than SQS counts',
      () => make({ maxRetries: 1000 }),
      'Test/Buffer: maxRetries must be 0 to 999 retries, got 1000. SQS allows at most 1000 receives.',
    ],
    [
      'retries that are known only at deploy',
      () => make({ maxRetries: Token.asNumber({ Ref: 'Retries' }) }),
      'Test/Buffer: maxRetries must be known while synthesizing, got a value that is known only at deploy. Give the number itself, because the construct calculates with it.',
    ],
    [
      'one call at a time',
      () => make({ maxConcurrency: 1 }),
      'Test/Buffer: maxConcurrency must be 2 to 1000 calls, got 1. Lambda allows no other limit. Leave it out for no limit.',
    ],
    [
      'a long visibility timeout',
      () => make({ visibilityTimeout: Duration.hours(13) }),
      'Test/Buffer: visibilityTimeout must be 0 to 43200 seconds, got 46800. SQS hides a message for at most 12 hours.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `Test/Buffer: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
    [
      'a FIFO queue',
      brought((stack) => ({ queue: imported(stack, 'mine.fifo'), deadLetterQueue: imported(stack) })),
      'Test/Buffer: queue must be a standard queue, got a FIFO queue. In a FIFO queue, a failed message blocks its message group, and a batch has at most 10 messages.',
    ],
    [
      'a FIFO queue for the dead letter',
      brought((stack) => ({ deadLetterQueue: imported(stack, 'dead.fifo') })),
      'Test/Buffer: deadLetterQueue must be a standard queue, got a FIFO queue. SQS requires it for a standard queue.',
    ],
    [
      'settings for a queue that is there',
      brought((stack) => ({
        queue: imported(stack),
        deadLetterQueue: imported(stack, 'dead'),
        retention: Duration.days(1),
        maxRetries: 1,
        visibilityTimeout: Duration.minutes(1),
        ...withKeys(stack),
      })),
      'Test/Buffer: queue keeps its own settings, got retention and maxRetries and visibilityTimeout and encryptionKey beside it. Leave retention and maxRetries and visibilityTimeout and encryptionKey out.',
    ],
    [
      'a queue that is there without its dead letter',
      brought((stack) => ({ queue: imported(stack) })),
      'Test/Buffer: queue must come with its deadLetterQueue, got none. Give the dead-letter queue that its redrive policy names.',
    ],
    [
      'a large batch',
      () => deliver({ batchSize: 10_001 }),
      'Test/Buffer: batchSize must be 1 to 10000 records, got 10001. Lambda allows at most 10000 records in one call.',
    ],
    [
      'a batch of more than 10 without a wait',
      () => deliver({ batchWindow: Duration.seconds(0) }),
      'Test/Buffer: batchWindow must be 1 to 300 seconds, got 0. Lambda waits at most 300 seconds for a batch, and a batch of more than 10 records needs a wait of at least 1 second.',
    ],
    [
      'a long wait',
      () => deliver({ batchSize: 10, batchWindow: Duration.minutes(6) }),
      'Test/Buffer: batchWindow must be 0 to 300 seconds, got 360. Lambda waits at most 300 seconds for a batch, and a batch of more than 10 records needs a wait of at least 1 second.',
    ],
    [
      'retries of a delivery',
      () => deliver({ maxRetries: 5 }),
      'Test/Buffer: delivery from a queue must leave maxRetries out, got 5. Set maxRetries of the buffer instead.',
    ],
    [
      'an age of a delivery',
      () => deliver({ maxAge: Duration.hours(6) }),
      'Test/Buffer: delivery from a queue must leave maxAge out, got Duration.hours(6). SQS limits retries by their number, not by age: set maxRetries of the buffer.',
    ],
    [
      'a message that is shown again while its function works on it',
      () => deliver({}, { visibilityTimeout: Duration.seconds(59) }),
      'Test/Buffer: visibilityTimeout must be 60 to 43200 seconds, got 59. Lambda requires a visibility timeout of at least the timeout of the function.',
    ],
    [
      'a retention that ends before the last try',
      () => deliver({}, { retention: Duration.hours(1), maxRetries: 10 }),
      'Test/Buffer: retention must be at least 11 receives times the visibility timeout of 365 seconds, got 3600 seconds. Otherwise SQS deletes a failed message before it goes to the dead letter.',
    ],
    [
      'a place to start from',
      () => deliver({ startingPosition: StartingPosition.LATEST }),
      'Test/Buffer: delivery from a queue must leave startingPosition out, got LATEST. A queue has no positions: a reader receives every message in it.',
    ],
    [
      'a time to start from',
      () => deliver({ startingPositionTimestamp: 1 }),
      'Test/Buffer: delivery from a queue must leave startingPositionTimestamp out, got 1. A queue has no positions: a reader receives every message in it.',
    ],
    [
      'several batches of a shard',
      () => deliver({ parallelizationFactor: 2 }),
      'Test/Buffer: delivery from a queue must leave parallelizationFactor out, got 2. A queue has no shards: set maxConcurrency of the buffer.',
    ],
    ['a second function', twice('push', 'push'), oneReader],
    ['a reader that pulls beside a function', twice('push', 'pull'), oneReader],
    ['a function beside a reader that pulls', twice('pull', 'push'), oneReader],
    ['a second reader that pulls', twice('pull', 'pull'), oneReader],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));

  test('no batch of 10 or fewer without a wait', () => {
    expect(mappingOf(deliver({ batchSize: 10, batchWindow: Duration.seconds(0) }))).toMatchObject({
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
    });
  });

  test('before the first resource', () => {
    const stack = new Stack(undefined, 'Test');
    expect(() => new SqsBuffer(stack, 'Buffer', { removal: 'destroy' })).toThrow('destroyData');
    expect(stack.node.findAll().map(({ node }) => node.path)).toEqual(['Test', 'Test/Buffer']);
  });
});
