import { DescribeStreamSummaryCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { KinesisStream } from '../../../aws/kinesis/kinesis';
import { Poster } from '../../../http';
import { temporaryFolder } from '../../folder';

let stream: KinesisStream;
const poster = new Poster();
beforeAll(async () => {
  stream = await KinesisStream.start({ name: 'events', shards: 4, retentionHours: 168 }, temporaryFolder());
});
afterAll(async () => {
  poster.close();
  await stream.stop();
});

async function put(body: object) {
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'Kinesis_20131202.PutRecord',
    'x-amz-date': '20260131T083000Z',
    authorization: 'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c',
  };
  const { status, body: answer } = await poster.post(`http://${stream.host}/`, headers, JSON.stringify(body));
  return { status, ...JSON.parse(answer.toString()) };
}
const record = (id: string) => ({ StreamName: 'events', PartitionKey: id, Data: Buffer.from(`event ${id}`).toString('base64') });

test('records of a key keep their order in one shard, and are found by their positions', async () => {
  const puts = [];
  for (let number = 1; number <= 5; number++) puts.push(await put({ ...record('key'), Data: Buffer.from(`${number}`).toString('base64') }));
  const [shard] = new Set(puts.map(({ ShardId }) => ShardId));
  const numbers = puts.map(({ SequenceNumber }) => SequenceNumber as string);
  const text = (records: readonly { data: Buffer }[]) => records.map(({ data }) => data.toString()).join('');

  expect(await stream.shards()).toHaveLength(4);
  expect(text(await stream.read(shard, undefined, 100))).toBe('12345');
  expect(text(await stream.read(shard, numbers[1], 2))).toBe('34');
  expect(await stream.read(shard, numbers[4], 100)).toEqual([]);
  expect(text(await stream.between(shard, numbers[1]!, numbers[3]!))).toBe('234');
  expect(text(await stream.between(shard, numbers[2]!, numbers[2]!))).toBe('3');
});

test('the official client finds the stream, with the given retention', async () => {
  const client = new KinesisClient({ region: 'eu-west-1', endpoint: `http://${stream.host}`, requestHandler: new NodeHttpHandler() });
  const { StreamDescriptionSummary: found } = await client.send(new DescribeStreamSummaryCommand({ StreamName: 'events' }));
  client.destroy();
  expect([found?.StreamARN, found?.RetentionPeriodHours, found?.OpenShardCount]).toEqual([stream.arn, 168, 4]);
});

test.each<[string, object, string]>([
  ['another stream', { ...record('1'), StreamName: 'other' }, 'ResourceNotFoundException'],
  ['an empty key', { ...record('1'), PartitionKey: '' }, 'ValidationException'],
  ['more than 1 MiB', { ...record('1'), Data: Buffer.alloc(1024 * 1024 + 1).toString('base64') }, 'ValidationException'],
  ['more than the maximum request size', { ...record('1'), Data: Buffer.alloc(8 * 1024 * 1024).toString('base64') }, 'ValidationException'],
])('refuses %s', async (_, body, __type) => expect(await put(body)).toMatchObject({ status: 400, __type }));
