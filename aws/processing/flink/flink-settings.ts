import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Grant } from 'aws-cdk-lib/aws-iam';
import type { LogGroup, LogStream } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type NumberRule, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { acknowledge, spell } from '../../foundation/acknowledge';
import { allow } from '../../foundation/grants';
import type { Workload } from '../../ports/identity';
import type { RecordSource } from '../../ports/records';

export const RUNTIMES = ['FLINK-2_2', 'FLINK-2_3'] as const;
export const LOG_LEVELS = ['WARN', 'INFO', 'DEBUG'] as const;
export const PARALLELISM: NumberRule = {
  from: 1,
  to: 256,
  unit: 'tasks',
  remedy: 'For more, raise the quota of KPUs, and set parallelismPerKpu of the application.',
};
export const SNAPSHOT: TextRule = {
  pattern: /^[a-zA-Z0-9_.-]{1,256}$/,
  must: 'be the name of a snapshot',
  remedy: 'See aws kinesisanalyticsv2 list-application-snapshots.',
};
const GROUP: TextRule = {
  pattern: /^[a-zA-Z0-9_.-]{1,50}$/,
  must: 'be named in 1 to 50 letters, digits, dots, underscores and hyphens',
  remedy: 'The service allows no other names.',
};
/** The service has 50 properties in all groups together. Three are of the processor. */
const MOST_PROPERTIES = 47;

/**
 * Refuse a source that is not a stream of Kinesis.
 * @throws SettingError
 */
export function requireStream(scope: Construct, source: RecordSource) {
  if (source.format === 'kinesis') return;
  const remedy = 'Give a KinesisBuffer. For other sources, use LambdaProcessor.';
  throw new SettingError(scope, 'source must be a stream of Kinesis', `a source of ${source.format}`, remedy);
}

/**
 * Refuse property groups that the processor sets itself, and more properties than the service allows.
 * @throws SettingError
 */
export function requireProperties(scope: Construct, properties: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  for (const [group, settings] of Object.entries(properties)) {
    requireText(scope, { properties: group }, GROUP);
    if (['source', 'store'].includes(group)) {
      throw new SettingError(scope, 'properties must not set source or store', group, 'The processor sets these groups. Use another name.');
    }
    requireText(scope, Object.fromEntries(Object.entries(settings).map(([name, value]) => [`properties.${group}.${name}`, value])), {
      pattern: /^[\s\S]{1,2048}$/,
      must: 'be 1 to 2048 characters',
      remedy: 'Put a longer text into the store, and its key here.',
    });
  }
  const count = Object.values(properties).flatMap(Object.keys).length;
  if (count > MOST_PROPERTIES) {
    throw new SettingError(scope, `properties must be at most ${MOST_PROPERTIES}`, count, 'Put them into one object in the store.');
  }
}

/** The ARN of a log stream. */
export function streamArn(scope: Construct, { logGroupName }: LogGroup, { logStreamName }: LogStream): string {
  return logsArn(scope, `${logGroupName}:log-stream:${logStreamName}`);
}

/**
 * Allow an application to write its log stream. The service looks up the group and the stream first.
 * @see https://docs.aws.amazon.com/managed-flink/latest/java/cloudwatch-logs-writing.html
 */
export function allowLogs(holder: Workload & Construct, group: LogGroup, stream: LogStream): Grant[] {
  const [groups, streams] = [logsArn(holder, '*'), logsArn(holder, `${group.logGroupName}:log-stream:*`)];
  const reason = 'The service lists log groups, and the log streams of this one, before it writes.';
  for (const arn of [groups, streams]) acknowledge(holder.role, () => ({ [`AwsSolutions-IAM5[Resource::${spell(holder, arn)}]`]: reason }));
  return [
    ...allow(holder, groups, ['logs:DescribeLogGroups']),
    ...allow(holder, streams, ['logs:DescribeLogStreams']),
    ...allow(holder, streamArn(holder, group, stream), ['logs:PutLogEvents']),
  ];
}

function logsArn(scope: Construct, resourceName: string): string {
  return Stack.of(scope).formatArn({ service: 'logs', resource: 'log-group', resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
}
