import {
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import type { Assembly } from './assembly';
import { type Clients, withRightsOf } from './clients';
import { update, type Way } from './deployed';
import { ACCOUNT, REGION } from './environment';
import { type Grant, grantsOf, notEvaluated, without } from './grants';
import { BAD, GOOD, logged, refusalIn, send } from './records';
import { eventually } from './wait';

/**
 * Use each grant of a stack; then remove one at a time from a copy of its template, and see that it is missed.
 * @returns how many of how many
 * @throws Error when a grant does not suffice, is not missed, or is of a kind that nobody knows how to use here
 */
export async function tryGrants(account: Clients, { stackName, template }: Assembly, { names, stream, log }: Way): Promise<string> {
  const all = grantsOf(template);
  const grants = all.filter((grant) => notEvaluated(template, grant) === undefined);
  const use = async ({ role, action }: Grant) => {
    const attempt = TRIES[action];
    if (!attempt) throw new Error(`nobody knows how to use ${action} here: add it to TRIES, or to NOT_EVALUATED`);
    return attempt({ account, holder: await withRightsOf(account, names.get(role)!), stream, log });
  };
  for (const grant of grants) {
    const refused = await use(grant);
    if (refused) throw new Error(`${grant.role} may not ${grant.action}, though it is granted: ${refused}`);
  }
  for (const grant of grants) {
    await update(account, stackName, without(template, grant));
    const refused = await use(grant);
    if (!refused?.includes(grant.action)) throw new Error(`without its grant ${grant.role} may still ${grant.action}`);
  }
  await update(account, stackName, template);
  return `${grants.length} of ${all.length}`;
}

/** Who tries, and what is there to be tried on. */
export interface Scene {
  readonly account: Clients;
  /** The clients with the rights of the role that has the grant. */
  readonly holder: Clients;
  readonly stream: string;
  readonly log: string;
}

/** How each grant is used, by its action. Resolves to what was refused; to nothing when it is allowed. */
export const TRIES: Readonly<Record<string, (scene: Scene) => Promise<string | undefined>>> = {
  'kinesis:PutRecord': (scene) => refusalOf(letThrough(scene, scene.holder, GOOD)),
  'kinesis:ListShards': ({ holder, stream }) => refusalOf(holder.kinesis.send(new ListShardsCommand({ StreamName: stream }))),
  'kinesis:DescribeStream': ({ holder, stream }) => refusalOf(holder.kinesis.send(new DescribeStreamCommand({ StreamName: stream }))),
  'kinesis:DescribeStreamSummary': ({ holder, stream }) =>
    refusalOf(holder.kinesis.send(new DescribeStreamSummaryCommand({ StreamName: stream }))),
  'kinesis:GetShardIterator': (scene) => refusalOf(iterator(scene, scene.holder)),
  'kinesis:GetRecords': async (scene) => {
    const ShardIterator = await iterator(scene, scene.account);
    // Only by the name of the stream does the server know what an iterator is for.
    const StreamARN = `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/${scene.stream}`;
    return refusalOf(scene.holder.kinesis.send(new GetRecordsCommand({ ShardIterator, StreamARN })));
  },
  's3:PutObject': async (scene) => refusalIn(await letThrough(scene, scene.account, GOOD)),
  'sqs:SendMessage': async (scene) => refusalIn(await letThrough(scene, scene.account, BAD)),
};

async function iterator({ account, stream }: Scene, { kinesis }: Clients): Promise<string | undefined> {
  const { Shards } = await account.kinesis.send(new ListShardsCommand({ StreamName: stream }));
  const { ShardId } = Shards![0]!;
  const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand({ StreamName: stream, ShardId, ShardIteratorType: 'LATEST' }));
  return ShardIterator;
}

/** Let a record go through the stream to the function, and read in its log what became of it. */
async function letThrough({ account, stream, log }: Scene, sender: Clients, data: string): Promise<string> {
  const start = Date.now();
  await send(sender, stream, data);
  return eventually('what the function says of a record', async () => {
    const text = await logged(account, log, start);
    return /Batch settled|The batch failed/.test(text) ? text : undefined;
  });
}

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.name.startsWith('AccessDenied')) return error.message;
    throw error;
  }
}
