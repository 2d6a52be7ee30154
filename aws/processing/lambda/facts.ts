import { conditionsOf, refOf, text } from '../../../shared/read/cfn';
import { amountOr, type Brought, batches, type Cost, GB, type Load, MONTH, PACKED } from '../../../shared/read/facts/cost';
import { factsOf } from '../../../shared/read/facts/find';
import { onlyValues } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Promised, Running, ServiceFacts } from '../../../shared/read/facts/types';
import { add, type Draft, set } from '../../../shared/read/facts/weaken';
import { duration, facts as joined, type Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, amount, type Body, is, names, only, type Stack } from '../../../shared/read/stack';
import { alarmOn, readyBeforeWork } from '../../foundation/promises';

const FUNCTION = 'AWS::Lambda::Function';
const MAPPING = 'AWS::Lambda::EventSourceMapping';
const BUCKET = 'AWS::S3::Bucket';
const FAILURES = 'DestinationConfig.OnFailure.Destination';

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
          ...promised('own-identity', 'run as a role of its own', ownRole, {
            'it runs as nobody of the stack': set('Role', 'arn:aws:iam::123456789012:role/shared'),
          }),
          concerns: isOurs,
        },
        { ...readyBeforeWork((fn) => fn.refers('Role')[0]), concerns: isOurs },
        ...['Errors', 'Throttles'].map((metric) => ({ ...alarmOn(metric, `have an alarm on ${metric}`), concerns: isOften })),
      ],
      weakenings: {
        'it has an address for everyone': add('AWS::Lambda::Url', (draft, { id }) => ({
          AuthType: 'NONE',
          TargetFunctionArn: draft.reference(id),
        })),
        'anyone may call it': add('AWS::Lambda::Permission', (draft, { id }) => ({
          Principal: '*',
          Action: 'lambda:InvokeFunction',
          FunctionName: draft.reference(id),
        })),
      },
      runs,
      needs: functionNeeds,
      costs: functionCosts,
      local: {
        Architectures: 'no effect here',
        'Code.ImageUri': 'no effect here',
        'Code.S3Bucket': 'emulated',
        'Code.S3Key': 'emulated',
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
            must: 'count no tries: they are used up by an outage alone, in minutes',
            at: 'MaximumRetryAttempts',
            to: [-1],
            weak: 10,
            worse: 'an outage of minutes costs good records',
          }),
        ),
        onStream(
          promised('nothing-lost', 'try a record until its stream is about to forget it', triesLong, {
            'records of an outage of six hours are given up untried': set('MaximumRecordAgeInSeconds', 6 * 3600),
          }),
        ),
        onStream(
          promised('bounded-retries', 'give a record up while it can still be read from its stream', givesUpInTime, {
            'records are tried however old they are': set('MaximumRecordAgeInSeconds', -1),
            'records are gone before they are given up': set('MaximumRecordAgeInSeconds', 8 * 24 * 3600),
          }),
        ),
        onStream(
          setTo({
            rule: 'one-poison-record',
            must: 'split a batch that failed',
            at: 'BisectBatchOnFunctionError',
            to: [true],
            weak: false,
            worse: 'one poison record holds up its batch',
          }),
        ),
        setTo({
          rule: 'one-poison-record',
          must: 'believe the function about what failed in a batch',
          at: 'FunctionResponseTypes',
          to: ['ReportBatchItemFailures'],
          worse: 'what the function says of a batch is not heard',
        }),
        promised('nothing-lost', 'send what is given up, whole, to what keeps it', keepsFailures, {
          'what is given up is lost': loseFailures,
        }),
        onStream(
          promised('nothing-lost', 'send what is given up to a bucket: a queue gets its position alone', isBucket, {
            'what is given up is a position in a stream': set(FAILURES, (draft) => draft.reference(draft.id('AWS::SQS::Queue'), 'Arn')),
          }),
        ),
        onStream(alarmOn('PolledEventCount', 'have an alarm that rings when it reads nothing of what comes')),
        onStream(alarmOn('OnFailureDestinationDeliveredEventCount', 'have an alarm at the first record that is given up')),
        onStream(alarmOn('DroppedEventCount', 'have an alarm at the first record that is given up and kept nowhere')),
        onStream(
          setTo({
            rule: 'nothing-lost',
            must: 'start with the oldest record, so that none is missed that comes while the stack deploys',
            at: 'StartingPosition',
            to: ['TRIM_HORIZON'],
            weak: 'LATEST',
            worse: 'records that come during a deploy are missed',
          }),
        ),
        readyBeforeWork((mapping) => mapping.refers('FunctionName')[0]?.refers('Role')[0]),
      ],
      needs: pollerNeeds,
      costs: 'Lambda bills the calls, and not who makes them.',
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

/** The CDK brings functions of its own, which act once while a stack is made or taken down. */
function isOurs(fn: Asked): boolean {
  return !/^(Custom|LogRetention|AWS)/.test(fn.id);
}

/** A deploy that calls a function waits for its answer, and fails with it. */
function isOften(fn: Asked, stack: Stack): boolean {
  const calls = stack.of('Custom::Trigger').flatMap((trigger) => trigger.refers('HandlerArn'));
  return isOurs(fn) && !calls.some((version) => names(version, 'FunctionName', fn));
}

function ownRole(fn: Asked, stack: Stack): boolean {
  const [role, ...others] = fn.refers('Role');
  return (
    role !== undefined && others.length === 0 && stack.of(FUNCTION).filter((other) => other.refers('Role')[0]?.id === role.id).length === 1
  );
}

/** What a stream holds can be read again; what a queue holds is given back by its visibility timeout. */
function isStream(mapping: Asked): boolean {
  return mapping.refers('EventSourceArn').every(({ type }) => type !== 'AWS::SQS::Queue');
}

function onStream(promise: Promised): Promised {
  return { ...promise, concerns: isStream };
}

function givesUpInTime(mapping: Asked): boolean {
  const [stream] = mapping.refers('EventSourceArn');
  const age = amount(mapping, 'MaximumRecordAgeInSeconds');
  return stream !== undefined && age > 0 && age <= amount(stream, 'RetentionPeriodHours') * 3600;
}

/** Where records go that are given up: by the mapping itself, or by the queue that it reads. */
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

/** All but the last two hours in which the stream still has the record. */
function triesLong(mapping: Asked): boolean {
  const [stream] = mapping.refers('EventSourceArn');
  const kept = Math.min(7 * 24, stream ? amount(stream, 'RetentionPeriodHours') : Number.NaN);
  return amount(mapping, 'MaximumRecordAgeInSeconds') >= (kept - 2) * 3600;
}

function loseFailures(draft: Draft, mapping: Asked) {
  const edit = isStream(mapping)
    ? set('DestinationConfig')
    : set('RedrivePolicy', undefined, () => mapping.refers('EventSourceArn').map(({ id }) => id));
  edit(draft, mapping);
}

/** What the stack reads and does not make. */
function existing(mapping: Asked): string {
  return /:sqs:/.test(text(only(mapping, 'EventSourceArn'))) ? 'an existing queue' : 'an existing stream';
}

function howOf(mapping: Asked): string {
  const seconds = (setting: string) => (mapping.get(setting).length > 0 ? duration(amount(mapping, setting)) : undefined);
  const retries = only(mapping, 'MaximumRetryAttempts');
  const window = seconds('MaximumBatchingWindowInSeconds');
  return joined(
    `${amount(mapping, 'BatchSize')} records${window ? ` or ${window}` : ''}`,
    is(mapping, 'BisectBatchOnFunctionError', true) && 'bisect',
    mapping.get('FunctionResponseTypes').length > 0 && 'partial failures',
    retries !== undefined && (retries === -1 ? 'tried again' : `${text(retries)} retries`),
    seconds('MaximumRecordAgeInSeconds'),
  );
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
    { who: 'lambda.amazonaws.com', may: 'sts:AssumeRole', on: `\${${who}}`, because: 'Lambda runs the function as it' },
    // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    ...['CreateLogStream', 'PutLogEvents'].map((action) => ({
      who,
      may: `logs:${action}`,
      on: log ? `\${${log}}` : 'a log group that Lambda makes',
      because: 'Lambda writes its logs as it',
    })),
    // https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html. X-Ray knows no resources that could be named.
    ...(traced ? ['PutTraceSegments', 'PutTelemetryRecords'] : []).map((action) => ({
      who,
      may: `xray:${action}`,
      on: '*',
      because: 'Lambda traces its calls as it',
    })),
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    ...(fn.get('VpcConfig').length > 0 ? INTERFACES : []).map((action) => ({
      who,
      may: `ec2:${action}`,
      on: '*',
      because: 'Lambda puts it into its network as it',
    })),
  ];
}

/** What Lambda does as the role of a function that it brings records to. */
function pollerNeeds(mapping: Asked): Needed[] {
  const who = refOf(mapping.refers('FunctionName')[0]?.body.Role) ?? '';
  const [source] = mapping.refers('EventSourceArn');
  const failures = only(mapping, FAILURES);
  return [
    ...(factsOf('aws').type(source?.type ?? '')?.polledWith ?? []).map((may) => ({
      who,
      may,
      on: text(only(mapping, 'EventSourceArn')),
      because: 'Lambda reads it as the role',
    })),
    // https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    ...(failures === undefined ? [] : failureNeeds(who, text(failures), isBucket(mapping))),
  ];
}

function failureNeeds(who: string, on: string, isBucket: boolean): Needed[] {
  const because = 'Lambda puts batches there that it gave up';
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
      lower: 'A smaller `memoryMiB` of the processor, where the transform does not get slower by it.',
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

/** What one call takes, in which records travel as base64. */
const CALL_BYTES = 6_000_000 * 0.75;

/** A stream hands over a batch from each of its shards, a queue to each of five pollers, and each message of it is stored alone. */
function brings(mapping: Asked, { events, size }: Load): Brought {
  const [stream] = mapping.refers('EventSourceArn');
  // An on-demand stream has room for twice what comes, and 4 shards at least.
  const shards = stream ? amountOr(stream, 'ShardCount', Math.max(4, Math.ceil((2 * events * Math.max(size, 1000)) / 1e6))) : 4;
  const records = Math.max(1, Math.min(amountOr(mapping, 'BatchSize', isStream(mapping) ? 100 : 10), Math.floor(CALL_BYTES / size)));
  const window = amountOr(mapping, 'MaximumBatchingWindowInSeconds', 0);
  const parts = isStream(mapping) ? shards * amountOr(mapping, 'ParallelizationFactor', 1) : 5;
  const calls = batches(events, { records, window, parts });
  return isStream(mapping) ? { calls, writes: calls, packed: PACKED.together } : { calls, writes: events, packed: PACKED.alone };
}
