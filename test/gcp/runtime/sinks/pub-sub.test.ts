import type { Message } from '../../../../gcp/runtime/dead-letter';
import { pubSubSink } from '../../../../gcp/runtime/sinks/pub-sub';
import type { Event } from '../../../../shared/runtime/event';
import type { Sink } from '../../../../shared/runtime/sink';
import { type Answer, loopback } from '../../../support/loopback';

const TOPIC = 'projects/acme-data/topics/acme-events';
const arrived = new Date('2026-01-31T08:30:00Z');
const REFUSED: Answer = { status: 400, body: '{"error": {"code": 400, "status": "INVALID_ARGUMENT"}}' };

let sink: Sink<Message>;
let ordered: Sink<Message>;
let answer: (rows: readonly string[]) => Answer | Promise<Answer>;
const requests: (readonly string[])[] = [];
/** The ordering key of each message of each request. */
const keys: (readonly (string | undefined)[])[] = [];
beforeAll(async () => {
  const url = await loopback((request, body) => {
    if (`${request.method} ${request.url}` !== `POST /v1/${TOPIC}:publish`) return { status: 404 };
    const { messages } = JSON.parse(body.toString()) as { messages: readonly Message[] };
    const rows = messages.map(({ data }) => Buffer.from(data!, 'base64').toString());
    requests.push(rows);
    keys.push(messages.map(({ orderingKey }) => orderingKey));
    return answer(rows);
  });
  for (const name of ['EVENTS', 'KEYED']) {
    Object.assign(process.env, { [`${name}_TOPIC`]: TOPIC, [`${name}_ENDPOINT`]: 'pubsub.example', [`${name}_ORDERED`]: 'false' });
  }
  Object.assign(process.env, { PUBSUB_EMULATOR_HOST: new URL(url).host, KEYED_ORDERED: 'true' });
  sink = pubSubSink('EVENTS');
  ordered = pubSubSink('KEYED');
});
beforeEach(() => {
  requests.length = 0;
  keys.length = 0;
  answer = () => ({ status: 200, body: '{}' });
});

const recordOf = (index: number) => ({ bytes: Buffer.alloc(0), arrived, position: { index } });
const lotOf = (messages: readonly Message[]) => ({
  name: 'lot',
  arrived,
  made: messages.map((stored, index) => ({ stored, record: recordOf(index) })),
});
const write = (...rows: string[]) => sink.write(lotOf(rows.map((row) => ({ data: Buffer.from(row).toString('base64') }))));
/** Events such as `a1`: the second of the key `a` is `a2`. One that starts with `-` has no key. */
const writeInOrder = (...events: string[]) =>
  ordered.write(
    lotOf(events.map((event) => ordered.encode({ event }, { ...(event.startsWith('-') ? {} : { partitionkey: event[0] }) } as Event, 0))),
  );
const sent = () => requests.map((rows) => rows.map((row) => JSON.parse(row).event));

test('the rows of a lot are one request, with all digits of their numbers', async () => {
  const row = sink.encode({ exact: 12345678901234567890n, é: 1 }, { partitionkey: 'press-7' } as Event, 0);
  expect(await sink.write(lotOf([row, { data: Buffer.from('{"é":1}').toString('base64') }]))).toEqual([]);
  expect(requests).toEqual([['{"exact":12345678901234567890,"é":1}', '{"é":1}']]);
  expect(keys).toEqual([[undefined, undefined]]);
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

test('a lot that is larger than a request may be is published one by one, and a message that is larger by itself is refused', async () => {
  expect(await write(...Array<string>(1001).fill('1'))).toEqual([]);
  expect(requests).toHaveLength(1001);
  requests.length = 0;
  const reason = 'RangeError: a request to Pub/Sub has 1000 messages and 10000000 bytes at most';
  expect(await write('x'.repeat(7_600_000), '1')).toMatchObject([{ reason }]);
  expect(requests).toHaveLength(1);
});

describe('an ordered topic', () => {
  test('gets a request for each key, with its events in their order: Pub/Sub takes no two keys in one', async () => {
    expect(await writeInOrder('a1', 'b1', '-1', 'a2', '-2')).toEqual([]);
    expect(sent().sort()).toEqual([['-1', '-2'], ['a1', 'a2'], ['b1']]);
    for (const [index, rows] of sent().entries()) {
      const key = rows[0].startsWith('-') ? undefined : rows[0][0];
      expect(keys[index]).toEqual(rows.map(() => key));
    }
  });

  test('gets what is left of a key that it refuses in order, one after the other', async () => {
    const open: number[] = [];
    answer = async (rows) => {
      open.push((open.at(-1) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open.push(open.at(-1)! - 1);
      return rows.some((row) => row.includes('a2')) ? REFUSED : { status: 200, body: '{}' };
    };
    const refusals = await writeInOrder('a1', 'a2', 'a3', 'a4');
    expect(refusals.map(({ record }) => record.position.index)).toEqual([1]);
    expect(sent().slice(1)).toEqual([['a1'], ['a2'], ['a3'], ['a4']]);
    expect(Math.max(...open)).toBe(1);
  });

  test('fails as a whole if one key fails, after all requests have ended', async () => {
    let ended = 0;
    answer = (rows) => {
      ended += 1;
      return rows.some((row) => row.includes('a1')) ? { status: 503, body: '{}' } : { status: 200, body: '{}' };
    };
    await expect(writeInOrder('a1', 'b1', 'c1')).rejects.toThrow('503');
    const before = ended;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ended).toBe(before);
  });
});
