import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Alias, Key } from 'aws-cdk-lib/aws-kms';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { KinesisBuffer, type KinesisBufferProps } from '../../../aws/buffer/kinesis/kinesis-buffer';
import { SqsBuffer } from '../../../aws/buffer/sqs/sqs-buffer';
import { LambdaProcessor } from '../../../aws/processing/lambda/lambda-processor';
import { AuroraStore } from '../../../aws/store/aurora/aurora-store';
import { S3Store } from '../../../aws/store/s3/s3-store';
import cdk from '../../../cdk.json';

const env = { account: '111111111111', region: 'eu-west-1' };
const HERE = 'of account 111111111111 and region eu-west-1, as its stack is, got one of';

const stackOf = (props: object = { env }, context: object = cdk.context) => new Stack(new App({ context: { ...context } }), 'Test', props);
const buffer = (props: (stack: Stack) => KinesisBufferProps, stack = stackOf()) => new KinesisBuffer(stack, 'Buffer', props(stack));

test.each<[string, () => unknown, string]>([
  [
    'a stream of another account',
    () => buffer((stack) => ({ stream: Stream.fromStreamArn(stack, 'S', 'arn:aws:kinesis:eu-west-1:999999999999:stream/orders') })),
    `Test/Buffer: stream must be ${HERE} 999999999999 in eu-west-1. Put the pipeline into a stack of that account and region, or use one of this account and region.`,
  ],
  [
    'a stream of another region',
    () => buffer((stack) => ({ stream: Stream.fromStreamArn(stack, 'S', 'arn:aws:kinesis:us-east-1:111111111111:stream/orders') })),
    `Test/Buffer: stream must be ${HERE} 111111111111 in us-east-1. Put the pipeline into a stack of that account and region, or use one of this account and region.`,
  ],
  [
    'a dead letter of another region',
    () => buffer((stack) => ({ deadLetterQueue: Queue.fromQueueArn(stack, 'D', 'arn:aws:sqs:us-east-1:111111111111:dead') })),
    `Test/Buffer: deadLetterQueue must be ${HERE} 111111111111 in us-east-1. Use a queue of this account and region, for example one that forwards to another.`,
  ],
  [
    'a queue of another account',
    () => {
      const stack = stackOf();
      const [queue, deadLetterQueue] = ['q', 'd'].map((id) => Queue.fromQueueArn(stack, id, `arn:aws:sqs:eu-west-1:999999999999:${id}`));
      return new SqsBuffer(stack, 'Buffer', { queue, deadLetterQueue });
    },
    `Test/Buffer: queue must be ${HERE} 999999999999 in eu-west-1. Use a queue of this account and region, for example one that forwards to another.`,
  ],
  ...[
    ['a stream', (stack: Stack, encryptionKey: Key) => new KinesisBuffer(stack, 'It', { encryptionKey })],
    ['a queue', (stack: Stack, encryptionKey: Key) => new SqsBuffer(stack, 'It', { encryptionKey })],
    ['a bucket', (stack: Stack, encryptionKey: Key) => new S3Store(stack, 'It', { encryptionKey })],
    ['a database', (stack: Stack, encryptionKey: Key) => new AuroraStore(stack, 'It', { encryptionKey })],
  ].map(([what, make]): [string, () => unknown, string] => [
    `a key of another region for ${what}`,
    () => {
      const stack = stackOf();
      return (make as (stack: Stack, key: unknown) => unknown)(
        stack,
        Key.fromKeyArn(stack, 'K', 'arn:aws:kms:us-east-1:111111111111:key/k'),
      );
    },
    'Test/It: encryptionKey must be of region eu-west-1, as its stack is, got one of us-east-1. A key works in its own region only: use a key of this region.',
  ]),
  [
    'a key that is known by its alias alone, in a project whose grants on it do nothing',
    () => buffer((stack) => ({ encryptionKey: Alias.fromAliasName(stack, 'K', 'alias/mine') }), stackOf({ env }, {})),
    'Test/Buffer: encryptionKey must be a key whose use can be granted, got alias/mine. Import it with Key.fromKeyArn, or set @aws-cdk/aws-kms:applyImportedAliasPermissionsToPrincipal in the context.',
  ],
])('refuses %s', (_, act, message) => expect(act).toThrow(new Error(message)));

test('a stack without a known account accepts resources of any account', () => {
  const stream = (stack: Stack) => ({ stream: Stream.fromStreamArn(stack, 'S', 'arn:aws:kinesis:us-east-1:999999999999:stream/orders') });
  expect(buffer(stream, stackOf({})).stream.streamName).toBe('orders');
});

test('a key of another account can encrypt a stream: a reader may use the key, and depends only on its own policy', () => {
  const stack = stackOf();
  const encryptionKey = Key.fromKeyArn(stack, 'K', 'arn:aws:kms:eu-west-1:999999999999:key/k');
  const source = new KinesisBuffer(stack, 'Buffer', { encryptionKey });
  new LambdaProcessor(stack, 'Processing', {
    code: Code.fromInline('0'),
    source,
    stores: { STORE: new S3Store(stack, 'Store', { encryptionKey }) },
  });
  const policies = JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
  expect(policies).toContain('arn:aws:kms:eu-west-1:999999999999:key/k');
});

test('an alias with its key is accepted, and an imported alias with the feature flag for grants too', () => {
  const stack = stackOf();
  const alias = new Alias(stack, 'Alias', { aliasName: 'alias/mine', targetKey: new Key(stack, 'Key') });
  const writer = Object.assign(stack, { role: new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }) });
  new KinesisBuffer(stack, 'One', { encryptionKey: alias }).bindWriter(writer as never, 'EVENTS');
  new KinesisBuffer(stack, 'Two', { encryptionKey: Alias.fromAliasName(stack, 'K', 'alias/other') }).bindWriter(writer as never, 'EVENTS');
  expect(JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy'))).toContain('kms:ResourceAliases');
});
