import type { KinesisStreamBatchResponse, KinesisStreamRecord } from 'aws-lambda';
import fc from 'fast-check';
import { kinesisToS3, type Neighbours } from '../../../aws/handlers/kinesis-to-s3/handler';
import { type Event, PermanentError, type Row } from '../../../shared/runtime/event';
import type { DeadLetter } from '../../../shared/runtime/verdict';
import { type Fault, faulty } from '../../support/faults';

/** What SQS takes in one message. */
const MESSAGE_BYTES = 1024 * 1024;

/** 2026-01-31T08:30:00Z, in seconds. */
const ARRIVAL = Date.UTC(2026, 0, 31, 8, 30) / 1000;

beforeEach(() => {
  jest.spyOn(console, 'info').mockImplementation();
  jest.spyOn(console, 'error').mockImplementation();
});

const eventOf = (id: string, extra: object = {}): Event => ({
  specversion: '1.0',
  id,
  source: '/test',
  type: 'row',
  time: '2026-01-31T08:29:59Z',
  ...extra,
});
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));

/** A record of Kinesis: the bytes that came in, their place in the shard, and when they arrived. */
function recordOf(bytes: Buffer, place = 1, { shard = 0, arrival = ARRIVAL } = {}): KinesisStreamRecord {
  const sequenceNumber = `49590338271490256608559692538361571095921575989136588${String(place).padStart(3, '0')}`;
  return {
    eventID: `shardId-00000000000${shard}:${sequenceNumber}`,
    eventSourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/events',
    kinesis: {
      data: bytes.toString('base64'),
      sequenceNumber,
      approximateArrivalTimestamp: arrival,
      partitionKey: 'key',
      kinesisSchemaVersion: '1.0',
    },
  } as KinesisStreamRecord;
}

/** A message of the dead letter. A large payload comes in parts. */
type Message = DeadLetter & { readonly part?: number; readonly parts?: number };

/** A store, a dead letter and a transform, with what they were given. */
function neighbours({
  transform = (event) => event,
  fault = () => 'none',
}: {
  transform?: Neighbours['transform'];
  fault?: () => Fault;
} = {}) {
  const objects = new Map<string, string>();
  const messages: string[] = [];
  const call = faulty(fault);
  const handler = kinesisToS3({
    transform,
    processor: 'press',
    putObject: (key, body) => call(() => objects.set(key, body)),
    sendMessage: (body) => call(() => messages.push(body)),
  });
  return {
    handler: (...Records: KinesisStreamRecord[]) => handler({ Records }),
    objects,
    messages,
    /** All rows of the store. */
    rows: () => [...objects.values()].flatMap((body) => body.split('\n').slice(0, -1)).map((line): Row => JSON.parse(line)),
    /** Everything in the dead letter. */
    letters: () => messages.map((message): Message => JSON.parse(message)),
  };
}

/** The bytes that a dead letter holds, put together from all of its parts. */
function payloadOf(parts: readonly Message[]): Buffer {
  const sorted = [...parts].sort((a, b) => (a.part ?? 1) - (b.part ?? 1));
  expect(sorted.map(({ part }) => part ?? 1)).toEqual(Array.from({ length: sorted[0]?.parts ?? 1 }, (_, index) => index + 1));
  return Buffer.from(sorted.map(({ payload }) => payload).join(''), sorted[0]?.encoding === 'text' ? 'utf8' : 'base64');
}

const numberOf = ({ kinesis }: KinesisStreamRecord) => kinesis.sequenceNumber;

/**
 * What Lambda does between a shard and a function: calls it with one batch after the other, brings a batch again from the
 * lowest record that was reported, halves one whose call failed as a whole, and gives up after the last retry.
 * @returns the records that were given up
 */
async function deliver(records: readonly KinesisStreamRecord[], handler: Handler, { batchSize = 100, maxRetries = 5 } = {}) {
  const givenUp: KinesisStreamRecord[] = [];
  const attempt = async (batch: readonly KinesisStreamRecord[], retries: number): Promise<void> => {
    if (batch.length === 0) return;
    const answer = await handler(...batch).catch(() => 'crashed' as const);
    const failed = answer === 'crashed' ? [numberOf(batch[0]!)] : answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    if (failed.length === 0) return;
    const rest = batch.slice(
      Math.max(
        0,
        batch.findIndex((record) => failed.includes(numberOf(record))),
      ),
    );
    if (retries === 0) {
      givenUp.push(...rest);
    } else if (answer === 'crashed' && rest.length > 1) {
      const half = Math.ceil(rest.length / 2);
      await attempt(rest.slice(0, half), retries - 1);
      await attempt(rest.slice(half), retries - 1);
    } else {
      await attempt(rest, retries - 1);
    }
  };
  for (let start = 0; start < records.length; start += batchSize) await attempt(records.slice(start, start + batchSize), maxRetries);
  return givenUp;
}

type Handler = (...records: KinesisStreamRecord[]) => Promise<KinesisStreamBatchResponse>;

describe('each event ends exactly once, in the store or in the dead letter', () => {
  /** Every kind of record: what it is made of, and how many rows the store should have of it. None at all means the dead letter. */
  const kinds: Record<string, { bytes: (id: string) => Buffer; rows?: number }> = {
    row: { bytes: (id) => bytesOf(eventOf(id)), rows: 1 },
    rows: { bytes: (id) => bytesOf(eventOf(id, { type: 'rows' })), rows: 3 },
    nothing: { bytes: (id) => bytesOf(eventOf(id, { type: 'nothing' })), rows: 0 },
    'no rows': { bytes: (id) => bytesOf(eventOf(id, { type: 'no rows' })), rows: 0 },
    late: { bytes: (id) => bytesOf(eventOf(id, { time: '1999-12-31T23:59:59Z' })), rows: 1 },
    permanent: { bytes: (id) => bytesOf(eventOf(id, { type: 'permanent' })) },
    bug: { bytes: (id) => bytesOf(eventOf(id, { type: 'bug' })) },
    number: { bytes: (id) => bytesOf(eventOf(id, { type: 'number' })) },
    circle: { bytes: (id) => bytesOf(eventOf(id, { type: 'circle' })) },
    unprintable: { bytes: (id) => bytesOf(eventOf(id, { type: 'unprintable' })) },
    'bad contract': { bytes: (id) => bytesOf({ ...eventOf(id), time: 'today' }) },
    'bad JSON': { bytes: (id) => Buffer.from(`{"id":"${id}"`) },
    'bad UTF-8': { bytes: (id) => Buffer.concat([Buffer.from(`"${id}`), Buffer.from([0xff, 0x22])]) },
    empty: { bytes: () => Buffer.alloc(0) },
  };

  function transform(event: Event): Row | readonly Row[] | undefined {
    const circle: Record<string, unknown> = { big: 1n };
    switch (event.type) {
      case 'rows':
        return [1, 2, 3].map((part) => ({ id: event.id, part }));
      case 'nothing':
        return undefined;
      case 'no rows':
        return [];
      case 'permanent':
        throw new PermanentError('can never work');
      case 'bug':
        throw new TypeError('undefined is not a function');
      case 'number':
        return 42 as unknown as Row;
      case 'circle':
        circle.self = circle;
        return circle;
      case 'unprintable':
        throw Object.create(null);
      default:
        return event;
    }
  }

  const arrivals = fc.record({
    kind: fc.constantFrom(...Object.keys(kinds)),
    shard: fc.nat(1),
    hoursLater: fc.nat(2),
  });
  const faults = (maxLength: number) => fc.array(fc.constantFrom<Fault>('none', 'before', 'after'), { maxLength });

  /** Sends all records through, and says of each how often it is where. */
  async function run(events: readonly { kind: string; shard: number; hoursLater: number }[], planned: readonly Fault[], batchSize: number) {
    const left = [...planned];
    const { handler, rows, letters } = neighbours({ transform, fault: () => left.shift() ?? 'none' });
    const records = events.map(({ kind, shard, hoursLater }, place) => {
      const record = recordOf(kinds[kind]!.bytes(`event-${place}`), place, { shard, arrival: ARRIVAL + 3600 * hoursLater });
      return { record, kind, shard, id: `event-${place}` };
    });
    const givenUp: KinesisStreamRecord[] = [];
    for (const shard of [0, 1]) {
      const ofShard = records.filter((record) => record.shard === shard).map(({ record }) => record);
      givenUp.push(...(await deliver(ofShard, handler, { batchSize })));
    }
    const [stored, dead] = [rows(), letters()];
    return records.map(({ record, kind, id }) => {
      const mine = dead.filter(({ position }) => position.sequenceNumber === numberOf(record));
      return {
        kind,
        expected: kinds[kind]!.rows,
        stored: stored.filter((row) => row.id === id).length,
        // A message cannot be replaced, so one that is sent again lies there twice. Its position tells.
        dead: new Set(mine.map((letter) => JSON.stringify(letter))).size,
        intact: mine.length === 0 || payloadOf([mine[0]!]).equals(Buffer.from(record.kinesis.data, 'base64')),
        givenUp: givenUp.filter((other) => other === record).length,
      };
    });
  }

  test('whatever fails, as long as Lambda may try again', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(arrivals, { maxLength: 30 }),
        faults(5),
        fc.integer({ min: 1, max: 30 }),
        async (events, planned, batchSize) => {
          for (const { expected, ...found } of await run(events, planned, batchSize)) {
            const wanted = expected === undefined ? { stored: 0, dead: 1 } : { stored: expected, dead: 0 };
            expect(found).toEqual({ kind: found.kind, ...wanted, intact: true, givenUp: 0 });
          }
        },
      ),
    ));

  test('nothing is lost when Lambda gives up, and nothing is stored twice', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(arrivals, { maxLength: 12 }),
        faults(60),
        fc.integer({ min: 1, max: 12 }),
        async (events, planned, batchSize) => {
          for (const { kind, expected, stored, dead, intact, givenUp } of await run(events, planned, batchSize)) {
            const settled = expected === undefined ? dead === 1 && stored === 0 : stored === expected && dead === 0;
            expect({ kind, ends: settled || givenUp === 1, atMost: stored <= (expected ?? 0) && dead <= 1, intact }).toEqual({
              kind,
              ends: true,
              atMost: true,
              intact: true,
            });
          }
        },
      ),
    ));
});

describe('objects', () => {
  test('one for each hour of arrival, named by shard and positions; the time of the event has no say', async () => {
    const { handler, objects } = neighbours();
    const records = [0, 0, 1, 16].map((hours, place) =>
      recordOf(bytesOf(eventOf(`${place}`, { time: `20${place}0-01-01T00:00:00Z` })), place, { arrival: ARRIVAL + 3600 * hours }),
    );
    await handler(...records);
    const at = (place: number) => numberOf(records[place]!);
    expect([...objects.keys()]).toEqual([
      `year=2026/month=01/day=31/hour=08/shardId-000000000000-${at(0)}-${at(1)}-press.ndjson`,
      `year=2026/month=01/day=31/hour=09/shardId-000000000000-${at(2)}-${at(2)}-press.ndjson`,
      `year=2026/month=02/day=01/hour=00/shardId-000000000000-${at(3)}-${at(3)}-press.ndjson`,
    ]);
  });

  test('one line for each row, each ending in a newline', async () => {
    const { handler, objects } = neighbours({ transform: ({ id }) => [{ id }, { line: 'a\nb' }] });
    await handler(recordOf(bytesOf(eventOf('1'))));
    expect([...objects.values()]).toEqual(['{"id":"1"}\n{"line":"a\\nb"}\n']);
  });

  test('none when there is nothing to store', async () => {
    const { handler, objects } = neighbours({ transform: () => undefined });
    await handler(recordOf(bytesOf(eventOf('1'))));
    expect(objects.size).toBe(0);
  });

  test('every digit of a large number', async () => {
    const { handler, objects } = neighbours();
    const data = '"data":{"id":12345678901234567890123,"small":7,"half":0.5}';
    await handler(recordOf(Buffer.from(`${JSON.stringify(eventOf('1')).slice(0, -1)},${data}}`)));
    expect([...objects.values()].join()).toContain(data);
  });

  test('two hundred thousand rows of one event', async () => {
    const { handler, rows } = neighbours({ transform: () => Array.from({ length: 200_000 }, (_, row) => ({ row })) });
    expect(await handler(recordOf(bytesOf(eventOf('1'))))).toEqual({ batchItemFailures: [] });
    expect(rows()).toHaveLength(200_000);
  });
});

describe('dead letters', () => {
  test('say why, where, and what', async () => {
    const { handler, letters } = neighbours();
    const record = recordOf(Buffer.from('not an event'), 7);
    await handler(record);
    expect(letters()).toEqual([
      {
        reason: expect.stringMatching(/^SyntaxError: /),
        position: { stream: record.eventSourceARN, shard: 'shardId-000000000000', sequenceNumber: numberOf(record) },
        encoding: 'text',
        payload: 'not an event',
      },
    ]);
  });

  test('are sent only when every object is written', async () => {
    const { handler, messages } = neighbours({ fault: () => 'before' });
    const [good, bad] = [recordOf(bytesOf(eventOf('1')), 1), recordOf(Buffer.from('bad'), 2)];
    expect(await handler(good, bad)).toEqual({ batchItemFailures: [{ itemIdentifier: numberOf(good) }] });
    expect(messages).toEqual([]);
  });

  test.each([
    ['bytes that are no text', Buffer.alloc(MESSAGE_BYTES, 0xff)],
    ['control characters', Buffer.alloc(MESSAGE_BYTES, 0)],
    ['quotes', Buffer.alloc(MESSAGE_BYTES, '"')],
    ['letters', Buffer.alloc(MESSAGE_BYTES, 'é')],
    ['letters, just too many for one message', Buffer.alloc(900_000, 'x')],
    ['a record of 10 MiB', Buffer.alloc(10 * MESSAGE_BYTES, 'x')],
  ])('of 1 MiB of %s fit into messages, and can be put together again', async (_, bytes) => {
    const { handler, messages, letters } = neighbours();
    expect(await handler(recordOf(bytes))).toEqual({ batchItemFailures: [] });
    expect(messages.length).toBeGreaterThan(1);
    for (const message of messages) expect(Buffer.byteLength(message)).toBeLessThan(MESSAGE_BYTES);
    expect(payloadOf(letters()).equals(bytes)).toBe(true);
  });

  test('keep a reason of any length to one line that leaves room for the payload', async () => {
    const { handler, messages, letters } = neighbours({
      transform: () => {
        throw new PermanentError(`first line\nsecond line ${'x'.repeat(2 * MESSAGE_BYTES)}`);
      },
    });
    await handler(recordOf(bytesOf(eventOf('1', { data: 'x'.repeat(890_000) }))));
    for (const message of messages) expect(Buffer.byteLength(message)).toBeLessThan(MESSAGE_BYTES);
    expect(letters()[0]!.reason).toMatch(/^PermanentError: first line second line x+…$/);
  });

  test('hold only characters that SQS keeps as they are', () =>
    fc.assert(
      fc.asyncProperty(
        fc.string({
          unit: fc.oneof(
            fc.string({ unit: 'binary', maxLength: 1 }),
            fc.constantFrom('\u0000', '\u001f', '\u007f', '\ufffe', '\uffff', '\ufffd'),
          ),
        }),
        async (text) => {
          const { handler, messages, letters } = neighbours();
          const bytes = Buffer.from(`bad ${text}`);
          await handler(recordOf(bytes));
          expect(messages.join()).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
          expect(payloadOf(letters()).equals(bytes)).toBe(true);
        },
      ),
    ));
});

test('a batch that failed comes back as a whole, and makes the same objects', async () => {
  const planned: Fault[] = ['after'];
  const { handler, objects } = neighbours({ fault: () => planned.shift() ?? 'none' });
  const records = [0, 0, 1].map((hours, place) => recordOf(bytesOf(eventOf(`${place}`)), place, { arrival: ARRIVAL + 3600 * hours }));
  expect(await handler(...records)).toEqual({ batchItemFailures: [{ itemIdentifier: numberOf(records[0]!) }] });
  const first = new Map(objects);
  expect(await handler(...records)).toEqual({ batchItemFailures: [] });
  expect(objects).toEqual(first);
});
