import { failureBucket } from '../../../bin/replay/aws-bucket';
import type { BatchInfo, StreamRecord, Streams } from '../../../bin/replay/aws-stream';
import { Journal } from '../../../bin/replay/journal';
import { replay } from '../../../bin/replay/run';
import { pack, payloadOf } from '../../aws/kinesis/batch-payload';
import { failureMessage } from '../../aws/kinesis/failure-message';
import { givenUp } from '../../aws/s3/given-up';
import { S3 } from '../../aws/s3/s3';
import { all } from '../all';
import { temporaryFolder } from '../folder';

const STREAM = 'arn:aws:kinesis:eu-west-1:000000000000:stream/events';
const records = ['1', '2', '3'].map((sequenceNumber) =>
  pack(
    { sequenceNumber, partitionKey: `key ${sequenceNumber}`, data: Buffer.from(`event ${sequenceNumber}`), arrival: new Date() },
    { shard: 'shard', streamArn: STREAM, region: 'eu-west-1' },
  ),
);

let s3: S3;
beforeAll(async () => {
  s3 = await S3.start(temporaryFolder(), ['given-up'], { fate: () => 'take', stored: () => {}, strike: () => {} });
  process.env.AWS_ENDPOINT_URL_S3 = s3.endpoint;
  process.env.AWS_REGION = 'eu-west-1';
});
afterAll(() => s3.stop());

/** Streams that remember what was put, and have some records. */
function streamsWith(kept: readonly StreamRecord[] = []) {
  const put: string[] = [];
  const streams: Streams = {
    put: async (arn, { data, partitionKey }) => void put.push(`${arn.split('/')[1]} ${partitionKey}: ${data}`),
    between: async ({ batchSize }: BatchInfo) => {
      if (kept.length < batchSize) throw new Error('its retention is over');
      return kept;
    },
  };
  return { put, streams };
}

const MESSAGE = failureMessage({
  records,
  invocations: 11,
  condition: 'RetryAttemptsExhausted',
  shard: 'shard',
  functionArn: 'f',
  streamArn: STREAM,
});
const keys = async () => (await all(s3.objects())).map(({ key }) => key);
const replayed = (streams: Streams, yes = true) =>
  replay(failureBucket({ bucket: 'given-up', prefix: '' }, streams), { yes }, new Journal(`${temporaryFolder()}/journal`), {
    stopped: new AbortController().signal,
  });

test('what Lambda gave up with its payload goes back to its stream, under its own keys, and its object goes', async () => {
  await s3.write({ bucket: 'given-up', ...givenUp(MESSAGE, payloadOf(records)) });
  expect(await keys()).toEqual([
    expect.stringMatching(/^aws\/lambda\/[0-9a-f-]{36}\/shard\/\d{4}\/\d\d\/\d\d\/[\d-]+T[\d.]+-[0-9a-f-]{36}$/),
  ]);
  const { put, streams } = streamsWith();
  expect(await replayed(streams, false)).toMatchObject({ sent: 3, reasons: new Map([['RetryAttemptsExhausted after 11 calls', 3]]) });
  expect([put, (await keys()).length]).toEqual([[], 1]);
  expect(await replayed(streams)).toMatchObject({ sent: 3, deleted: 3, failures: [] });
  expect(put).toEqual(['events key 1: event 1', 'events key 2: event 2', 'events key 3: event 3']);
  expect(await keys()).toEqual([]);
});

test('a position is looked up in the stream, and one that is there no more stays, with the reason', async () => {
  await s3.write({ bucket: 'given-up', key: 'aws/lambda/position', content: Buffer.from(MESSAGE) });
  const gone = await replayed(streamsWith().streams);
  expect(gone).toMatchObject({ sent: 0, deleted: 0, failures: [expect.stringContaining('its retention is over')] });
  expect(await keys()).toHaveLength(1);
  const { put, streams } = streamsWith(records);
  expect(await replayed(streams)).toMatchObject({ sent: 3, deleted: 3 });
  expect([put.length, await keys()]).toEqual([3, []]);
});

test('an object that is none of Lambda stays', async () => {
  await s3.write({ bucket: 'given-up', key: 'other', content: Buffer.from('{"a":1}') });
  expect(await replayed(streamsWith().streams)).toMatchObject({
    sent: 0,
    failures: [expect.stringContaining('not a failure record of Lambda')],
  });
  expect(await keys()).toEqual(['other']);
});
