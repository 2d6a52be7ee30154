import { pubSubSink } from '../../../../gcp/runtime/sinks/pub-sub';
import type { Sink } from '../../../../shared/runtime/sink';
import { type Answer, loopback } from '../../../support/loopback';

const TOPIC = 'projects/acme-data/topics/acme-events';
const arrived = new Date('2026-01-31T08:30:00Z');
const REFUSED: Answer = { status: 400, body: '{"error": {"code": 400, "status": "INVALID_ARGUMENT"}}' };

let sink: Sink<string>;
let answer: (rows: readonly string[]) => Answer;
const requests: (readonly string[])[] = [];
beforeAll(async () => {
  const url = await loopback((request, body) => {
    if (`${request.method} ${request.url}` !== `POST /v1/${TOPIC}:publish`) return { status: 404 };
    const rows = JSON.parse(body.toString()).messages.map(({ data }: { data: string }) => Buffer.from(data, 'base64').toString());
    requests.push(rows);
    return answer(rows);
  });
  Object.assign(process.env, { EVENTS_TOPIC: TOPIC, EVENTS_ENDPOINT: 'pubsub.example', PUBSUB_EMULATOR_HOST: new URL(url).host });
  sink = pubSubSink('EVENTS');
});
beforeEach(() => {
  requests.length = 0;
  answer = () => ({ status: 200, body: '{}' });
});

const recordOf = (index: number) => ({ bytes: Buffer.alloc(0), arrived, position: { index } });
const write = (...rows: string[]) =>
  sink.write({ name: 'lot', arrived, made: rows.map((stored, index) => ({ stored, record: recordOf(index) })) });

test('the rows of a lot are one request, with all digits of their numbers', async () => {
  const row = sink.encode({ exact: 12345678901234567890n }, {} as never, 0);
  expect(await write(row, '{"é":1}')).toEqual([]);
  expect(requests).toEqual([['{"exact":12345678901234567890}', '{"é":1}']]);
});

test('a lot without rows is no request', async () => {
  expect(await write()).toEqual([]);
  expect(requests).toEqual([]);
});

test('rows that the topic refuses are handed back, and the others are published alone', async () => {
  answer = (rows) => (rows.includes('bad') ? REFUSED : { status: 200, body: '{}' });
  const refusals = await write('1', 'bad', '2');
  expect(refusals.map(({ record, reason }) => [record.position.index, reason.slice(0, 12)])).toEqual([[1, 'Refused: 400']]);
  expect(requests.slice(1).flat().sort()).toEqual(['1', '2', 'bad']);
});

test.each([403, 404, 429, 500, 503])('after %i, the whole lot is to be written again', async (status) => {
  answer = () => ({ status, body: '{}' });
  await expect(write('1', '2')).rejects.toThrow(String(status));
  expect(requests).toHaveLength(1);
});

test('a 400 that is not about the messages is a fault too', async () => {
  answer = () => ({ status: 400, body: '{"error": {"status": "FAILED_PRECONDITION"}}' });
  await expect(write('1')).rejects.toThrow('FAILED_PRECONDITION');
});

test('a lot that is larger than a request may be is not sent', async () => {
  await expect(write(...Array<string>(1001).fill('1'))).rejects.toThrow(RangeError);
  await expect(write('x'.repeat(7_600_000))).rejects.toThrow(RangeError);
  expect(requests).toEqual([]);
});
