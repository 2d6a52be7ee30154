import { gunzipSync } from 'node:zlib';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { PutRecordCommand } from '@aws-sdk/client-kinesis';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { stringify } from '../../../shared/runtime/json';
import { transform } from '../../../shared/runtime/transform';
import { type DeadLetter, judge } from '../../../shared/runtime/verdict';
import type { Assembly } from './assembly';
import { type Clients, withRightsOf } from './clients';
import type { Deployed, Way } from './deployed';
import { grantsOf } from './grants';
import { eventually } from './wait';

/** An event whose number no double can hold. */
export const GOOD =
  '{"specversion":"1.0","id":"1","source":"/plants/7/press","type":"com.example.press.heated",' +
  '"time":"2026-01-31T08:30:00Z","data":{"counter":12345678901234567890,"note":"Grüße \\"🌍\\""}}';

/** What a sender leaves that breaks off. */
export const BAD = GOOD.slice(0, 60);

/** Where a record stands in the stream. */
interface Position {
  readonly shard: string;
  readonly sequenceNumber: string;
}

/**
 * Put a broken record and a whole one into the stream, with the rights of the API, and find both where the outputs of the
 * stack say.
 */
export async function letRecordsThrough(account: Clients, { template }: Assembly, to: Way): Promise<void> {
  const { role } = grantsOf(template).find(({ action }) => action === 'kinesis:PutRecord')!;
  const sender = await withRightsOf(account, to.names.get(role)!);
  const start = Date.now();
  const broken = await send(sender, to.stream, BAD);
  const whole = await send(sender, to.stream, GOOD);
  try {
    await Promise.all([findDeadLetter(account, to, broken), findStored(account, to, whole)]);
  } catch (error) {
    const refused = refusalIn(await logged(account, to.log, start));
    throw refused ? new Error(refused) : error;
  }
}

/** Put a record into the stream. */
export async function send({ kinesis }: Clients, stream: string, data: string): Promise<Position> {
  const command = new PutRecordCommand({ StreamName: stream, PartitionKey: '1', Data: Buffer.from(data) });
  const { ShardId, SequenceNumber } = await kinesis.send(command);
  return { shard: ShardId!, sequenceNumber: SequenceNumber! };
}

/**
 * Look where `ShowCommand` looks for the object of a record, and read it.
 * @throws Error when it does not come, is called otherwise or holds anything but what the transform makes of {@link GOOD}
 */
async function findStored({ s3 }: Clients, { outputs }: Deployed, { shard, sequenceNumber }: Position): Promise<string> {
  const [, Bucket, Prefix] = outputs.ShowCommand!.match(/s3:\/\/([^/]+)\/(.+)$/) ?? [];
  const Key = await eventually(`the object of the record ${sequenceNumber}`, async () => {
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
    return Contents?.find((object) => object.Key!.includes(sequenceNumber))?.Key;
  });
  const name = new RegExp(
    `^${Prefix}year=\\d{4}/month=\\d{2}/day=\\d{2}/hour=\\d{2}/${shard}-${sequenceNumber}-${sequenceNumber}-[0-9a-f]{8}-[\\w-]+\\.processing\\.ndjson\\.gz$`,
  );
  if (!name.test(Key)) throw new Error(`the object is called ${Key}`);
  const stored = gunzipSync(await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToByteArray()).toString();
  const verdict = judge(Buffer.from(GOOD), transform, stringify);
  const expected = 'rows' in verdict ? verdict.rows.map((row) => `${row}\n`).join('') : undefined;
  if (stored !== expected) throw new Error(`the object holds ${JSON.stringify(stored)}, and should hold ${JSON.stringify(expected)}`);
  return Key;
}

/**
 * Look where `DeadLettersCommand` looks for the record that could not be processed, and take it out.
 * @throws Error when it does not come, or lacks its reason, position or payload
 */
async function findDeadLetter({ sqs }: Clients, { outputs }: Deployed, { shard, sequenceNumber }: Position): Promise<string> {
  const QueueUrl = outputs.DeadLettersCommand!.split(' ').at(-1);
  const message = await eventually(`the dead letter of the record ${sequenceNumber}`, async () => {
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    return Messages?.[0];
  });
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
  const { reason, position, payload, encoding } = JSON.parse(message.Body!) as DeadLetter;
  const at = position.shard === shard && position.sequenceNumber === sequenceNumber;
  if (!reason || !at || payload !== BAD || encoding !== 'text') throw new Error(`the dead letter holds ${message.Body}`);
  return reason;
}

/** What the function wrote into its log since a moment. */
export async function logged({ logs }: Clients, logGroupName: string, startTime: number): Promise<string> {
  const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName, startTime }));
  return events!.map(({ message }) => message!).join('\n');
}

/** What a function was refused, as its log has it. */
export function refusalIn(log: string): string | undefined {
  return log.match(/AccessDenied.*/)?.[0];
}
