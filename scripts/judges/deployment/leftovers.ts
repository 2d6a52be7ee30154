import { DescribeStackEventsCommand, type StackEvent } from '@aws-sdk/client-cloudformation';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ListStreamsCommand } from '@aws-sdk/client-kinesis';
import { ListBucketsCommand, PutBucketTaggingCommand } from '@aws-sdk/client-s3';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import type { Assembly } from './assembly';
import type { Clients } from './clients';
import type { Deployed } from './deployed';

/** A log group that no template has: Lambda makes it for the function of the CDK that empties buckets. */
const OF_THE_EMPTIER = /^\/aws\/lambda\/.*CustomS3AutoDelete/;

/**
 * What is left of a stack that was deleted, of all that was not there before it.
 * @throws Error when it is more or less than what the template retains
 */
export async function leftBy(
  account: Clients,
  { template: { Resources } }: Assembly,
  { arn, names }: Deployed,
  before: ReadonlySet<string>,
): Promise<readonly string[]> {
  const retained = Object.keys(Resources).filter((id) => Resources[id]!.DeletionPolicy?.startsWith('Retain'));
  const fate = await fates(account, arn);
  const wrong = Object.keys(Resources).filter((id) => fate.get(id) !== (retained.includes(id) ? 'DELETE_SKIPPED' : 'DELETE_COMPLETE'));
  if (wrong.length > 0) throw new Error(`not deleted, or not retained: ${wrong.map((id) => `${id} ${fate.get(id)}`).join(', ')}`);
  const left = [...(await inventory(account))].filter((name) => !before.has(name) && !OF_THE_EMPTIER.test(name));
  const kept = retained.map((id) => names.get(id)!);
  if (left.toSorted().join() !== kept.toSorted().join()) throw new Error(`left are ${left.join(', ')}; retained were ${kept.join(', ')}`);
  return left;
}

/** Everything in the account that keeps data. */
export async function inventory({ kinesis, logs, s3, sqs }: Clients): Promise<ReadonlySet<string>> {
  const [buckets, streams, queues, groups] = await Promise.all([
    s3.send(new ListBucketsCommand({})),
    kinesis.send(new ListStreamsCommand({})),
    sqs.send(new ListQueuesCommand({})),
    logs.send(new DescribeLogGroupsCommand({})),
  ]);
  return new Set([
    ...buckets.Buckets!.map(({ Name }) => Name!),
    ...streams.StreamNames!,
    ...(queues.QueueUrls ?? []),
    ...groups.logGroups!.map(({ logGroupName }) => logGroupName!),
  ]);
}

/**
 * Put on the buckets of a stack the tags that the template gives them. CloudFormation does, and ministack does not; without
 * them the function of the CDK empties no bucket.
 */
export async function tagBuckets({ s3 }: Clients, { template }: Assembly, { names }: Deployed): Promise<void> {
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    if (Type !== 'AWS::S3::Bucket') continue;
    const TagSet = Properties!.Tags as unknown as { Key: string; Value: string }[];
    await s3.send(new PutBucketTaggingCommand({ Bucket: names.get(id), Tagging: { TagSet } }));
  }
}

/** The last that happened to each resource of a stack. */
async function fates({ cloudFormation }: Clients, arn: string): Promise<ReadonlyMap<string, string>> {
  const events: StackEvent[] = [];
  let NextToken: string | undefined;
  do {
    const page = await cloudFormation.send(new DescribeStackEventsCommand({ StackName: arn, NextToken }));
    events.push(...page.StackEvents!);
    ({ NextToken } = page);
  } while (NextToken);
  // The newest comes first.
  return new Map(events.toReversed().map(({ LogicalResourceId, ResourceStatus }) => [LogicalResourceId!, ResourceStatus!]));
}
