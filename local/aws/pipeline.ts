import { RefusedError } from '../platform';
import { ACCOUNT, REGION } from '../template/cloudformation';
import type { Resource, Stack } from '../template/stack';
import type { MappingSettings } from './kinesis/event-source-mapping';
import { arnOf, type StreamSettings } from './kinesis/kinesis';
import { arnOfFunction, type FunctionSettings } from './lambda/lambda';

/** How many shards an on-demand stream starts with. */
const ON_DEMAND_SHARDS = 4;

const LONGEST_NAME = { bucket: 63, queue: 80, stream: 128, function: 64 };

/** The name that the template gives, or one as CloudFormation makes it, but the same each time. */
function nameOf(stack: Stack, resource: Resource, property: string, longest: number): string {
  if (stack.value(resource, property) !== undefined) return stack.string(resource, property);
  return `${stack.name}-${resource.id}`.slice(0, longest);
}

/** The buckets of a stack by their names, which the stack knows from now on. */
export function readBuckets(stack: Stack): readonly string[] {
  return stack.all('AWS::S3::Bucket').map((resource) => {
    const name = nameOf(stack, resource, 'BucketName', LONGEST_NAME.bucket).toLowerCase();
    stack.created(resource.id, { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } });
    return name;
  });
}

/** The names of the queues of a stack by their resources. Their addresses are known when their server is up. */
export function readQueues(stack: Stack): ReadonlyMap<string, string> {
  return new Map(stack.all('AWS::SQS::Queue').map((resource) => [resource.id, nameOf(stack, resource, 'QueueName', LONGEST_NAME.queue)]));
}

export function nameQueues(stack: Stack, queues: ReadonlyMap<string, string>, urlOf: (queue: string) => string) {
  for (const [id, name] of queues) stack.created(id, { ref: urlOf(name), attributes: { Arn: arnOfQueue(name), QueueName: name } });
}

/** The stream of a stack, whose name the stack knows from now on. */
export function readStream(stack: Stack): StreamSettings {
  const resource = stack.one('AWS::Kinesis::Stream');
  const name = nameOf(stack, resource, 'Name', LONGEST_NAME.stream);
  stack.created(resource.id, { ref: name, attributes: { Arn: arnOf(name) } });
  const onDemand = stack.value(resource, 'StreamModeDetails.StreamMode') === 'ON_DEMAND';
  return {
    name,
    shards: onDemand ? ON_DEMAND_SHARDS : stack.number(resource, 'ShardCount'),
    retentionHours: stack.number(resource, 'RetentionPeriodHours', 24),
  };
}

/** The function of a stack, when everything is named that its variables refer to. */
export function readFunction(stack: Stack): FunctionSettings & { readonly code: { readonly bucket: string; readonly key: string } } {
  const resource = stack.one('AWS::Lambda::Function');
  const name = nameOf(stack, resource, 'FunctionName', LONGEST_NAME.function);
  stack.created(resource.id, { ref: name, attributes: { Arn: arnOfFunction(name) } });
  const json = stack.value(resource, 'LoggingConfig.LogFormat') === 'JSON';
  return {
    name,
    runtime: stack.string(resource, 'Runtime'),
    handler: stack.string(resource, 'Handler'),
    memoryMiB: stack.number(resource, 'MemorySize', 128),
    timeoutSeconds: stack.number(resource, 'Timeout', 3),
    logFormat: json ? 'JSON' : 'Text',
    logLevel:
      stack.value(resource, 'LoggingConfig.ApplicationLogLevel') === undefined
        ? undefined
        : stack.string(resource, 'LoggingConfig.ApplicationLogLevel'),
    variables: stack.texts(resource, 'Environment.Variables'),
    code: { bucket: stack.string(resource, 'Code.S3Bucket'), key: stack.string(resource, 'Code.S3Key') },
  };
}

/** How the stream is delivered to the function, and the queue that hears what was given up. */
export function readMapping(
  stack: Stack,
  { streamArn, functionName, queues }: { readonly streamArn: string; readonly functionName: string; readonly queues: Iterable<string> },
): MappingSettings & { readonly onFailure?: string } {
  const resource = stack.one('AWS::Lambda::EventSourceMapping');
  const expect = (property: string, ...known: readonly string[]) => {
    const got = stack.string(resource, property);
    if (!known.includes(got)) throw new RefusedError(`${resource.id}.${property}`, `it must be ${known.join(' or ')}, got ${got}.`);
    return got;
  };
  expect('EventSourceArn', streamArn);
  expect('FunctionName', functionName, arnOfFunction(functionName));
  expect('StartingPosition', 'TRIM_HORIZON');
  const destination = 'DestinationConfig.OnFailure.Destination';
  const arns = new Map([...queues].map((queue) => [arnOfQueue(queue), queue]));
  return {
    batchSize: stack.number(resource, 'BatchSize', 100),
    windowSeconds: stack.number(resource, 'MaximumBatchingWindowInSeconds', 0),
    bisect: stack.value(resource, 'BisectBatchOnFunctionError') === true,
    maxRetries: stack.number(resource, 'MaximumRetryAttempts', -1),
    maxAgeSeconds: stack.number(resource, 'MaximumRecordAgeInSeconds', -1),
    reportsFailures: reportsFailures(stack, resource),
    onFailure: stack.value(resource, destination) === undefined ? undefined : arns.get(expect(destination, ...arns.keys())),
  };
}

function reportsFailures(stack: Stack, resource: Resource): boolean {
  const types = JSON.stringify(stack.value(resource, 'FunctionResponseTypes') ?? []);
  if (types === '[]') return false;
  if (types === '["ReportBatchItemFailures"]') return true;
  throw new RefusedError(`${resource.id}.FunctionResponseTypes`, `it must be ReportBatchItemFailures alone, or nothing, got ${types}.`);
}

function arnOfQueue(name: string): string {
  return `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
}
