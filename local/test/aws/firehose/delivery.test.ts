import { gunzipSync } from 'node:zlib';
import { Delivery } from '../../../aws/firehose/delivery';
import { failedIn } from '../../../aws/firehose/failed';
import { expand } from '../../../aws/firehose/prefix';
import type { DeliverySettings } from '../../../aws/firehose/settings';
import type { Target } from '../../../aws/site';
import { CALM } from '../../../chaos';
import { serve } from '../../../loopback';
import { Pace } from '../../../pace';

const arrived = new Date('2026-01-31T08:30:00Z');
const folder = 'year=2026/month=01/day=31/hour=08/';
const SETTINGS: DeliverySettings = {
  name: 'stream',
  bucketArn: 'arn:aws:s3:::lake',
  prefix: 'events/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/',
  errorPrefix: 'events-failed/!{firehose:error-output-type}/year=!{timestamp:yyyy}/',
  intervalSeconds: 60,
  sizeMiB: 64,
  compressed: true,
  extension: '.ndjson.gz',
  delimited: true,
};

/** Delivers records to a bucket that refuses the first writes, and waits until all are settled. */
async function deliver(
  data: readonly string[],
  settings: Partial<DeliverySettings> = {},
  { refuses = 0, transform = undefined as Target | undefined } = {},
) {
  const objects = new Map<string, Buffer>();
  let left = refuses;
  const s3 = await serve(({ url }, body) => {
    left -= 1;
    if (left >= 0) return { status: 503 };
    objects.set(decodeURIComponent(url!), body);
    return { status: 200 };
  });
  const settled = new Set<string>();
  const witness = { delivered: jest.fn(), answered: jest.fn(), incident: jest.fn() };
  const context = {
    pace: new Pace(1000),
    chaos: CALM,
    witness,
    s3: `http://${s3.host}`,
    transform,
    settled: (ids: readonly string[]) => {
      for (const id of ids) settled.add(id);
    },
  };
  const delivery = new Delivery({ ...SETTINGS, ...settings }, context);
  delivery.start();
  for (const [index, text] of data.entries()) delivery.put({ id: String(index), data: Buffer.from(text), arrived });
  while (settled.size < data.length) await new Promise((resolve) => setTimeout(resolve, 5));
  await delivery.stop();
  await s3.close();
  return { objects, witness };
}

const answering = (invoke: (records: readonly { recordId: string; data: string }[]) => unknown): Target => ({
  arn: 'arn:aws:lambda:eu-west-1:123456789012:function:transform',
  invoke: async (payload) => ({ requestId: '1', payload: JSON.stringify({ records: invoke(JSON.parse(payload).records) }) }),
});
const transform = { retries: 1, sizeMiB: 1, intervalSeconds: 1 };

test('a prefix has the time of arrival in UTC and the kind of error, and no other expression', () => {
  expect(expand(SETTINGS.prefix, arrived)).toBe(`events/${folder}`);
  expect(expand(SETTINGS.errorPrefix, arrived, 'processing-failed')).toBe('events-failed/processing-failed/year=2026/');
  expect(() => expand('!{firehose:random-string}/', arrived)).toThrow('only timestamps and error-output-type are emulated');
});

test('records of an interval are lines of one compressed object in the folder of their hour', async () => {
  const { objects } = await deliver(['{"id":"1"}', '{"id":"2"}']);
  expect(objects.size).toBe(1);
  const [name, content] = [...objects][0]!;
  expect(name.startsWith(`/lake/events/${folder}stream-1-`) && name.endsWith('.ndjson.gz')).toBe(true);
  expect(gunzipSync(content).toString()).toBe('{"id":"1"}\n{"id":"2"}\n');
});

test('a full buffer is written before its interval ends', async () => {
  const { objects } = await deliver(
    Array.from({ length: 3 }, () => 'x'.repeat(700_000)),
    { sizeMiB: 1, intervalSeconds: 60 },
  );
  expect(objects.size).toBe(3);
});

test('without a delimiter, nothing is between two records', async () => {
  const { objects } = await deliver(['{}', '{}'], { delimited: false, compressed: false });
  expect([...objects.values()].map(String)).toEqual(['{}{}']);
});

test('a refused write is repeated until it succeeds', async () => {
  const { objects, witness } = await deliver(['{}'], {}, { refuses: 2 });
  expect([objects.size, witness.incident.mock.calls.length]).toEqual([1, 2]);
});

test('what the function fails is below the failed prefix with its bytes, what it drops is nowhere', async () => {
  const results = ['Ok', 'Dropped', 'ProcessingFailed'];
  const function_ = answering((records) => records.map(({ recordId, data }, index) => ({ recordId, data, result: results[index] })));
  const { objects } = await deliver(['good', 'dropped', 'bad'], { transform, compressed: false }, { transform: function_ });
  const [failed, stored] = [...objects].sort(([a], [b]) => (a.includes('failed') ? -1 : b.includes('failed') ? 1 : 0));
  expect(failed![0].startsWith('/lake/events-failed/processing-failed/year=2026/')).toBe(true);
  expect(failedIn(failed![1], 'here').map(({ bytes, reason }) => [bytes.toString(), reason])).toEqual([
    ['bad', 'Lambda.ProcessingFailedStatus: ProcessingFailed status set for record'],
  ]);
  expect(stored![1].toString()).toBe('good\n');
});

test('a function that does not return each record once is called again, then all its records are failed', async () => {
  const { objects, witness } = await deliver(['a', 'b'], { transform }, { transform: answering((records) => records.slice(1)) });
  const letters = [...objects].flatMap(([place, content]) => failedIn(content, place));
  expect(letters.map(({ bytes }) => bytes.toString())).toEqual(['a', 'b']);
  expect(letters[0]!.reason).toBe('Lambda.FunctionError: the response does not have each record once');
  expect(witness.delivered).toHaveBeenCalledTimes(2);
});
