import { conditionsOf, refOf, text } from '../../../shared/read/cfn';
import { amountOr, BRINGS_NOTHING, type Brought, batches, type Cost, GB, type Load, MONTH, PACKED } from '../../../shared/read/facts/cost';
import { factsOf } from '../../../shared/read/facts/find';
import { onlyValues } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, Running, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { add, type Draft, set } from '../../../shared/read/facts/weaken';
import { duration, facts as joined, type Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, amount, type Body, is, names, only, type Stack } from '../../../shared/read/stack';
import { alarmOn, objectsInto, readyBeforeWork } from '../../foundation/promises';

const FUNCTION = 'AWS::Lambda::Function';
const MAPPING = 'AWS::Lambda::EventSourceMapping';
const BUCKET = 'AWS::S3::Bucket';
const FAILURES = 'DestinationConfig.OnFailure.Destination';
/** The bucket whose new objects it reads. */
const SOURCE = 'Environment.Variables.SOURCE_BUCKET';
/** The queue for asynchronous calls that failed. */
const FAILED_CALLS = 'DeadLetterConfig.TargetArn';

export const facts: ServiceFacts = {
  name: 'Lambda',
  harmless: ['@types/aws-lambda Context.getRemainingTimeInMillis'],
  local: 'runs',
  types: {
    [FUNCTION]: {
      name: 'function',
      role: (fn) => (isOurs(fn) ? 'runs code' : 'helps'),
      tells: (fn) => [
        `Lambda, ${text(only(fn, 'Runtime') ?? 'container image')} ${fn.get('Architectures').join()} ${amount(fn, 'MemorySize')} MB ${amount(fn, 'Timeout')} s`,
      ],
      promises: [
        {
          ...promised('own-identity', 'have its own execution role', ownRole, {
            'its role is not of the stack': set('Role', 'arn:aws:iam::123456789012:role/shared'),
          }),
          concerns: isOurs,
        },
        { ...readyBeforeWork((fn) => fn.refers('Role')[0]), concerns: isOurs },
        ...['Errors', 'Throttles'].map((metric) => ({ ...alarmOn(metric, `have an alarm on ${metric}`), concerns: isOften })),
      ],
      weakenings: {
        'it has a public function URL': add('AWS::Lambda::Url', (draft, { id }) => ({
          AuthType: 'NONE',
          TargetFunctionArn: draft.reference(id),
        })),
        'everyone may invoke it': add('AWS::Lambda::Permission', (draft, { id }) => ({
          Principal: '*',
          Action: 'lambda:InvokeFunction',
          FunctionName: draft.reference(id),
        })),
      },
      runs,
      flow: functionSteps,
      reads: (fn) => fn.refers(SOURCE),
      needs: functionNeeds,
      costs: functionCosts,
      local: {
        Architectures: 'no effect here',
        'Code.ImageUri': 'no effect here',
        'Code.S3Bucket': 'emulated',
        'Code.S3Key': 'emulated',
        [FAILED_CALLS]: 'no effect here',
        Description: 'no effect here',
        'Environment.Variables': 'emulated',
        FunctionName: 'emulated',
        Handler: 'emulated',
        'LoggingConfig.ApplicationLogLevel': 'emulated',
        'LoggingConfig.LogFormat': onlyValues('JSON', 'Text'),
        'LoggingConfig.LogGroup': 'no effect here',
        'LoggingConfig.SystemLogLevel': 'no effect here',
        MemorySize: 'emulated',
        PackageType: () => 'a container image does not run here.',
        Role: 'no effect here',
        Runtime: (value) => (/^nodejs\d+\.x$/.test(String(value)) ? undefined : `only Node.js runs here, got ${JSON.stringify(value)}.`),
        Tags: 'no effect here',
        Timeout: 'emulated',
        TracingConfig: 'no effect here',
        'VpcConfig.SecurityGroupIds': 'no effect here',
        'VpcConfig.SubnetIds': 'no effect here',
      },
    },
    [MAPPING]: {
      name: 'event source mapping',
      role: 'moves data',
      flow: (mapping, seen) => {
        const [source] = mapping.refers('EventSourceArn');
        const [target] = mapping.refers('FunctionName');
        const [failures] = mapping.refers(FAILURES);
        if (!target) return [];
        const from = source?.stage ?? existing(mapping);
        const of = source?.id ?? from;
        const hop: Step = { from, how: howOf(mapping), to: target.stage, notes: seen.tell(target), between: [of, target.id] };
        if (!failures) return [hop];
        const to = receiverOf(failures);
        return [hop, { from, how: 'after the last retry', to, notes: seen.tell(failures), between: [of, failures.id] }];
      },
      promises: [
        onStream(
          setTo({
            rule: 'nothing-lost',
            must: 'have no limit of retries: an outage of minutes would use them up',
            at: 'MaximumRetryAttempts',
            to: [-1],
            weak: 10,
            worse: 'an outage of minutes ends the retries of good records',
          }),
        ),
        onStream(
          promised('nothing-lost', 'retry a record until shortly before its stream deletes it', retriesLong, {
            'after an outage of six hours, records are not retried': set('MaximumRecordAgeInSeconds', 6 * 3600),
          }),
        ),
        onStream(
          promised('bounded-retries', 'send a record to the dead letter before its stream deletes it', endsInTime, {
            'records are retried without a limit of age': set('MaximumRecordAgeInSeconds', -1),
            'the stream deletes records before they go to the dead letter': set('MaximumRecordAgeInSeconds', 8 * 24 * 3600),
          }),
        ),
        onStream(
          setTo({
            rule: 'one-poison-record',
            must: 'split a failed batch',
            at: 'BisectBatchOnFunctionError',
            to: [true],
            weak: false,
            worse: 'one record that fails blocks its batch',
          }),
        ),
        setTo({
          rule: 'one-poison-record',
          must: 'let the function report failed records of a batch',
          at: 'FunctionResponseTypes',
          to: ['ReportBatchItemFailures'],
          worse: 'failed records that the function reports are ignored',
        }),
        promised('nothing-lost', 'send whole records to the dead letter when the retries end', keepsFailures, {
          'records are lost when the retries end': loseFailures,
        }),
        onStream(
          promised('nothing-lost', 'have a bucket as on-failure destination: a queue gets only the position of records', isBucket, {
            'the dead letter gets only the position of records': set(FAILURES, (draft) =>
              draft.reference(draft.id('AWS::SQS::Queue'), 'Arn'),
            ),
          }),
        ),
        onStream(alarmOn('PolledEventCount', 'have an alarm for records that it does not read')),
        onStream(alarmOn('OnFailureDestinationDeliveredEventCount', 'have an alarm at the first record that is no longer retried')),
        onStream(alarmOn('DroppedEventCount', 'have an alarm at the first record that Lambda drops')),
        onStream(
          setTo({
            rule: 'nothing-lost',
            must: 'start at the oldest record, so that it reads records that arrive during the deploy',
            at: 'StartingPosition',
            to: ['TRIM_HORIZON'],
            weak: 'LATEST',
            worse: 'records that arrive during a deploy are not read',
          }),
        ),
        readyBeforeWork((mapping) => mapping.refers('FunctionName')[0]?.refers('Role')[0]),
      ],
      needs: pollerNeeds,
      costs: 'Lambda bills the calls of the function.',
      brings,
      local: {
        BatchSize: 'emulated',
        BisectBatchOnFunctionError: 'emulated',
        [FAILURES]: 'emulated',
        'MetricsConfig.Metrics': 'no effect here',
        Enabled: onlyValues(true),
        EventSourceArn: 'emulated',
        FunctionName: 'emulated',
        FunctionResponseTypes: 'emulated',
        MaximumBatchingWindowInSeconds: 'emulated',
        MaximumRecordAgeInSeconds: 'emulated',
        MaximumRetryAttempts: 'emulated',
        ParallelizationFactor: onlyValues(1),
        'ScalingConfig.MaximumConcurrency': 'emulated',
        StartingPosition: onlyValues('TRIM_HORIZON'),
        Tags: 'no effect here',
      },
    },
    'AWS::Lambda::Permission': {
      name: 'permission to call',
      role: 'grants',
      grants: (permission) => [
        {
          holder: everyoneOr(text(only(permission, 'Principal'))),
          may: text(only(permission, 'Action')),
          on: `\${${refOf(only(permission, 'FunctionName')) ?? permission.id}}`,
          condition:
            permission.get('SourceArn').length > 0 ? { test: 'ArnLike aws:SourceArn', value: only(permission, 'SourceArn') } : undefined,
        },
      ],
      local: 'no effect here',
    },
    'AWS::Lambda::Url': {
      name: 'function URL',
      role: 'lets in',
      grants: (url) =>
        is(url, 'AuthType', 'NONE')
          ? [{ holder: 'everyone', may: 'lambda:InvokeFunctionUrl', on: `\${${refOf(only(url, 'TargetFunctionArn')) ?? url.id}}` }]
          : [],
      local: {},
    },
  },
};

/** Not a function that the CDK adds for a custom resource. */
function isOurs(fn: Asked): boolean {
  return !/^(Custom|LogRetention|AWS)/.test(fn.id);
}

/** Not a function that only a deploy calls: if it fails, the deploy fails, so it has no alarms. */
function isOften(fn: Asked, stack: Stack): boolean {
  const calls = stack.of('Custom::Trigger').flatMap((trigger) => trigger.refers('HandlerArn'));
  const isResource = stack.all.some((one) => one.type.startsWith('Custom::') && names(one, 'ServiceToken', fn));
  return isOurs(fn) && !isResource && !calls.some((version) => names(version, 'FunctionName', fn));
}

function ownRole(fn: Asked, stack: Stack): boolean {
  const [role, ...others] = fn.refers('Role');
  return (
    role !== undefined && others.length === 0 && stack.of(FUNCTION).filter((other) => other.refers('Role')[0]?.id === role.id).length === 1
  );
}

/** A stream has read positions. A queue has visibility timeouts, and its own retries. */
function isStream(mapping: Asked): boolean {
  return mapping.refers('EventSourceArn').every(({ type }) => type !== 'AWS::SQS::Queue');
}

function onStream(promise: Promised): Promised {
  return { ...promise, concerns: isStream };
}

function endsInTime(mapping: Asked): boolean {
  const [stream] = mapping.refers('EventSourceArn');
  const age = amount(mapping, 'MaximumRecordAgeInSeconds');
  return age > 0 && age <= keptFor(stream);
}

/** How long a stream keeps a record, in seconds. */
function keptFor(stream: Asked | undefined): number {
  return (
    factsOf('aws')
      .type(stream?.type ?? '')
      ?.keepsFor?.(stream!) ?? Number.NaN
  );
}

/** The dead letter: the on-failure destination of the mapping, or the dead-letter queue of the queue that it reads. */
function failuresOf(mapping: Asked): Asked | undefined {
  const [queue] = mapping.refers('EventSourceArn');
  return isStream(mapping) ? mapping.refers(FAILURES)[0] : queue?.refers('RedrivePolicy.deadLetterTargetArn')[0];
}

function keepsFailures(mapping: Asked): boolean {
  const failures = failuresOf(mapping);
  return failures !== undefined && (isBucket(mapping) || amount(failures, 'MessageRetentionPeriod') === 14 * 24 * 3600);
}

function isBucket(mapping: Asked): boolean {
  return mapping.refers(FAILURES)[0]?.type === BUCKET;
}

/** The age of the last retry is at most two hours below the retention of the stream. */
function retriesLong(mapping: Asked): boolean {
  const [stream] = mapping.refers('EventSourceArn');
  return amount(mapping, 'MaximumRecordAgeInSeconds') >= Math.min(7 * 24 * 3600, keptFor(stream)) - 2 * 3600;
}

function loseFailures(draft: Draft, mapping: Asked) {
  const edit = isStream(mapping)
    ? set('DestinationConfig')
    : set('RedrivePolicy', undefined, () => mapping.refers('EventSourceArn').map(({ id }) => id));
  edit(draft, mapping);
}

/** The name of a source that is not in the stack. */
function existing(mapping: Asked): string {
  return /:sqs:/.test(text(only(mapping, 'EventSourceArn'))) ? 'an existing queue' : 'an existing stream';
}

function howOf(mapping: Asked): string {
  const seconds = (setting: string) => (mapping.get(setting).length > 0 ? duration(amount(mapping, setting)) : undefined);
  const retries = only(mapping, 'MaximumRetryAttempts');
  const window = seconds('MaximumBatchingWindowInSeconds');
  const records = amount(mapping, 'BatchSize');
  return joined(
    `${records} record${records === 1 ? '' : 's'}${window && window !== '0 s' ? ` or ${window}` : ''}`,
    is(mapping, 'BisectBatchOnFunctionError', true) && 'bisect',
    mapping.get('FunctionResponseTypes').length > 0 && 'partial failures',
    retries !== undefined && (retries === -1 ? 'tried again' : `${text(retries)} retries`),
    seconds('MaximumRecordAgeInSeconds'),
  );
}

function functionSteps(fn: Asked, seen: Seen): Step[] {
  const prefix = text(only(fn, 'Environment.Variables.SOURCE_PREFIX'));
  return [
    ...fn.refers(SOURCE).map((bucket): Step => {
      const how = `each new object, /${prefix}*`;
      return { from: receiverOf(bucket), how, to: fn.stage, notes: seen.tell(fn), between: [bucket.id, fn.id] };
    }),
    ...fn.refers(FAILED_CALLS).map((queue): Step => {
      const how = 'calls that failed three times';
      return { from: fn.stage, how, to: receiverOf(queue), notes: seen.tell(queue), between: [fn.id, queue.id] };
    }),
  ];
}

function runs(fn: Asked): Running {
  const [variables = {}] = fn.get('Environment.Variables');
  return {
    as: refOf(only(fn, 'Role')) ?? '',
    settings: Object.fromEntries(Object.entries(variables as Body).map(([name, value]) => [name, text(value)])),
    code: JSON.stringify(fn.body.Code),
  };
}

const INTERFACES = [
  'AssignPrivateIpAddresses',
  'CreateNetworkInterface',
  'DeleteNetworkInterface',
  'DescribeNetworkInterfaces',
  'DescribeSubnets',
  'UnassignPrivateIpAddresses',
];

function functionNeeds(fn: Asked): Needed[] {
  if (!isOurs(fn)) return [];
  const who = refOf(only(fn, 'Role')) ?? '';
  const log = refOf(only(fn, 'LoggingConfig.LogGroup'));
  const traced = is(fn, 'TracingConfig.Mode', 'Active');
  return [
    { who: 'lambda.amazonaws.com', may: 'sts:AssumeRole', on: `\${${who}}`, because: 'Lambda runs the function with the role' },
    // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    ...['CreateLogStream', 'PutLogEvents'].map((action) => ({
      who,
      may: `logs:${action}`,
      on: log ? `\${${log}}` : 'a log group that Lambda creates',
      because: 'Lambda writes its logs with the role',
    })),
    // https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    ...fn.get(FAILED_CALLS).map((queue) => ({
      who,
      may: 'sqs:SendMessage',
      on: text(queue),
      because: 'Lambda sends failed calls there with the role',
    })),
    // https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html. X-Ray has no resource ARNs for these actions.
    ...(traced ? ['PutTraceSegments', 'PutTelemetryRecords'] : []).map((action) => ({
      who,
      may: `xray:${action}`,
      on: '*',
      because: 'Lambda writes its traces with the role',
    })),
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    ...(fn.get('VpcConfig').length > 0 ? INTERFACES : []).map((action) => ({
      who,
      may: `ec2:${action}`,
      on: '*',
      because: 'Lambda creates its network interfaces with the role',
    })),
  ];
}

/** The permissions of the role of a function that the event source mapping uses. */
function pollerNeeds(mapping: Asked): Needed[] {
  const who = refOf(mapping.refers('FunctionName')[0]?.body.Role) ?? '';
  const [source] = mapping.refers('EventSourceArn');
  const failures = only(mapping, FAILURES);
  return [
    ...(factsOf('aws').type(source?.type ?? '')?.polledWith ?? []).map((action) => ({
      who,
      ...(typeof action === 'string' ? { may: action, on: text(only(mapping, 'EventSourceArn')) } : action),
      because: 'Lambda polls it with the role',
    })),
    // https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    ...(failures === undefined ? [] : failureNeeds(who, text(failures), isBucket(mapping))),
  ];
}

function failureNeeds(who: string, on: string, isBucket: boolean): Needed[] {
  const because = 'Lambda writes batches there that it no longer retries';
  if (!isBucket) return [{ who, may: 'sqs:SendMessage', on, because }];
  const only = conditionsOf([`StringEquals s3:ResourceAccount ${text({ Ref: 'AWS::AccountId' })}`]);
  return [
    { who, may: 's3:PutObject', on: `${on}/aws/lambda/*`, only, because },
    { who, may: 's3:ListBucket', on, only, because },
  ];
}

function everyoneOr(who: string): string {
  return who.split(', ').includes('*') ? 'everyone' : who;
}

/** Each call takes 100 ms, and 2 ms more for each event. */
function functionCosts(fn: Asked, load: Load): Cost[] {
  const calls = load.calls(fn);
  const seconds = calls === 0 ? 0 : calls * 0.1 + load.events * 0.002;
  const lower = 'A larger `batchSize`, and a longer `batchWindow`, of the delivery make fewer calls.';
  return [
    { what: 'calls, one a batch', price: 'lambdaRequests', units: calls * MONTH, lower },
    {
      what: 'time, 100 ms a call and 2 ms an event',
      price: is(fn, 'Architectures', 'arm64') ? 'lambdaArm' : 'lambdaX86',
      units: (seconds * MONTH * amountOr(fn, 'MemorySize', 128)) / 1024,
      lower: 'A smaller `memoryMiB` of the processor, if the transform is not slower then.',
    },
    { what: 'logs, 1 kB a call', price: 'cloudWatchLogs', units: (calls * MONTH * 1000) / GB, lower },
    {
      what: 'traces, 1 a second and 5 % of the rest',
      price: 'xrayTraces',
      units: is(fn, 'TracingConfig.Mode', 'Active') ? MONTH * (Math.min(calls, 1) + 0.05 * Math.max(0, calls - 1)) : 0,
      lower: '`tracing: Tracing.DISABLED` of the processor.',
    },
  ];
}

/** The payload of one call: records are in base64, which is a third larger. */
const CALL_BYTES = 6_000_000 * 0.75;

/**
 * A stream delivers a batch from each shard. A queue delivers a batch to each of five pollers, and each message is stored alone. Of a
 * message that names an object, the events in the object are stored together.
 */
function brings(mapping: Asked, load: Load): Brought {
  const { events, size } = load;
  const [stream] = mapping.refers('EventSourceArn');
  // A queue of failed calls is empty while none fails.
  if (mapping.refers('FunctionName').some((fn) => names(fn, FAILED_CALLS, stream))) return BRINGS_NOTHING();
  // An on-demand stream has capacity for twice the load, and at least 4 shards.
  const shards = stream ? amountOr(stream, 'ShardCount', Math.max(4, Math.ceil((2 * events * Math.max(size, 1000)) / 1e6))) : 4;
  const records = Math.max(1, Math.min(amountOr(mapping, 'BatchSize', isStream(mapping) ? 100 : 10), Math.floor(CALL_BYTES / size)));
  const window = amountOr(mapping, 'MaximumBatchingWindowInSeconds', 0);
  const objects = stream && objectsInto(stream, load);
  if (objects !== undefined) {
    const calls = batches(objects, { records: amountOr(mapping, 'BatchSize', 10), window, parts: 5 });
    return { calls, writes: objects, packed: PACKED.together };
  }
  const parts = isStream(mapping) ? shards * amountOr(mapping, 'ParallelizationFactor', 1) : 5;
  const calls = batches(events, { records, window, parts });
  return isStream(mapping) ? { calls, writes: calls, packed: PACKED.together } : { calls, writes: events, packed: PACKED.alone };
}
