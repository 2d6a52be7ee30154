import { createHash } from 'node:crypto';
import type { KinesisStreamBatchResponse, KinesisStreamRecord } from 'aws-lambda';
import { kinesisSource } from '../../../../aws/runtime/sources/kinesis';
import type { Fault } from '../../../support/faults';
import { CONTEXT, kinesisRecord } from '../../../support/lambda-events';
import { ARRIVAL, bytesOf, eventOf, modelEnds, settlesEachEventOnce } from '../../../support/settling';

beforeEach(() => {
  jest.spyOn(console, 'info').mockImplementation();
  jest.spyOn(console, 'error').mockImplementation();
});

const numberOf = ({ kinesis }: KinesisStreamRecord) => kinesis.sequenceNumber;
const later = (hours: number) => new Date(ARRIVAL.getTime() + hours * 3_600_000);

type Handler = (...records: KinesisStreamRecord[]) => Promise<KinesisStreamBatchResponse>;

/**
 * What Lambda does between a shard and a function: it calls the function with each batch, retries a batch from the lowest failed
 * record, splits a batch if the call failed, and stops after the last retry.
 * @returns the records that are no longer retried
 */
async function deliver(records: readonly KinesisStreamRecord[], handler: Handler, batchSize: number, maxRetries: number) {
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

const retries = 5;

settlesEachEventOnce(
  {
    retries,
    async deliver(sent, ends, batchSize) {
      const handler = kinesisSource(ends);
      const records = sent.map(({ bytes, arrived, lane }, place) => kinesisRecord(bytes, place, { shard: lane, arrived }));
      const givenUp: KinesisStreamRecord[] = [];
      for (const lane of [0, 1]) {
        const ofShard = records.filter((_, place) => sent[place]!.lane === lane);
        givenUp.push(...(await deliver(ofShard, (...Records) => handler({ Records }, CONTEXT), batchSize, retries)));
      }
      return records.map((record) => ({ position: positionOf(record), givenUp: givenUp.includes(record) }));
    },
  },
  { binary: true },
);

function positionOf(record: KinesisStreamRecord) {
  const shard = record.eventID.slice(0, record.eventID.indexOf(':'));
  return { stream: record.eventSourceARN, shard, sequenceNumber: numberOf(record) };
}

/** A source with a model of a store and a dead letter, and what the model got. */
function source(options: Parameters<typeof modelEnds>[0] = {}) {
  const model = modelEnds(options);
  const handler = kinesisSource(model.ends);
  return { ...model, handler: (...Records: KinesisStreamRecord[]) => handler({ Records }, CONTEXT) };
}

describe('lots', () => {
  test('are one for each hour of arrival, with the time of its first record; the time of the event has no effect', async () => {
    const { handler, lots } = source();
    const records = [0, 0, 1, 16].map((hours, place) =>
      kinesisRecord(bytesOf(eventOf(`${place}`, { time: `20${place}0-01-01T00:00:00Z` })), place, { arrived: later(hours) }),
    );
    await handler(...records);
    const at = (place: number) => numberOf(records[place]!);
    expect([...lots.values()].map(({ name, arrived, made }) => [name.slice(0, -9), arrived, made.length])).toEqual([
      [`shardId-000000000000-${at(0)}-${at(1)}`, ARRIVAL, 2],
      [`shardId-000000000000-${at(2)}-${at(2)}`, later(1), 1],
      [`shardId-000000000000-${at(3)}-${at(3)}`, later(16), 1],
    ]);
  });

  test('are named by shard and by the records that have rows: the first, the last, and a hash of all', async () => {
    const { handler, lots } = source({ transform: (event) => (event.type === 'row' ? [event, event] : undefined) });
    const records = ['none', 'row', 'row', 'none'].map((type, place) => kinesisRecord(bytesOf(eventOf(`${place}`, { type })), place));
    await handler(...records);
    await handler(...records.slice(1, 3));
    const [first, last] = [numberOf(records[1]!), numberOf(records[2]!)];
    const hash = createHash('sha256').update(`${records[0]!.eventSourceARN},${first},${last}`).digest('hex').slice(0, 8);
    expect([...lots.keys()]).toEqual([`shardId-000000000000-${first}-${last}-${hash}`]);
  });

  test('with the same first and last record, but other records between them, have different names', async () => {
    const { handler, rows } = source();
    const [a, b, c] = ['a', 'b', 'c'].map((id, place) => kinesisRecord(bytesOf(eventOf(id)), place));
    await handler(a!, c!);
    await handler(a!, b!, c!);
    expect(new Set(rows().map(({ id }) => id))).toEqual(new Set(['a', 'b', 'c']));
  });

  test('of two streams have different names, also with the same sequence numbers', async () => {
    const { handler, lots } = source();
    const one = kinesisRecord(bytesOf(eventOf('1')));
    await handler(one);
    await handler({ ...one, eventSourceARN: `${one.eventSourceARN}-of-another` });
    expect(lots.size).toBe(2);
  });

  test('are none if there are no rows', async () => {
    const { handler, lots } = source({ transform: () => undefined });
    await handler(kinesisRecord(bytesOf(eventOf('1'))));
    expect(lots.size).toBe(0);
  });

  test('can have two hundred thousand rows of one event', async () => {
    const { handler, rows } = source({ transform: () => Array.from({ length: 200_000 }, (_, row) => ({ row })) });
    expect(await handler(kinesisRecord(bytesOf(eventOf('1'))))).toEqual({ batchItemFailures: [] });
    expect(rows()).toHaveLength(200_000);
  });
});

describe('a lot that is too large to build', () => {
  const records = ['1', '2', '3', '4', '5'].map((id, place) => kinesisRecord(bytesOf(eventOf(id)), place));
  const tooLarge = (isTooLarge: (stored: string[]) => boolean) => {
    const { ends, ...model } = modelEnds({ transform: (event) => [event, event] });
    const write: typeof ends.sink.write = async (lot) => {
      if (isTooLarge(lot.made.map(({ stored }) => stored))) throw new RangeError('Invalid string length');
      return ends.sink.write(lot);
    };
    return { ...model, handler: kinesisSource({ ...ends, sink: { ...ends.sink, write } }) };
  };

  test('is written in halves, the same at every try', async () => {
    const { handler, lots, letters } = tooLarge((stored) => stored.length > 4);
    expect(await handler({ Records: records }, CONTEXT)).toEqual({ batchItemFailures: [] });
    const ids = () => [...lots.values()].map(({ made }) => made.map(({ stored }) => JSON.parse(stored).id).join(''));
    expect([ids(), letters]).toEqual([['1122', '33', '4455'], []]);
    await handler({ Records: records }, CONTEXT);
    expect(ids()).toEqual(['1122', '33', '4455']);
  });

  test('for one record goes on without it, and that one goes to the dead letter', async () => {
    const { handler, rows, letters } = tooLarge((stored) => stored.some((row) => row.includes('"3"')));
    expect(await handler({ Records: records }, CONTEXT)).toEqual({ batchItemFailures: [] });
    expect(rows().map(({ id }) => id)).toEqual([...'11224455']);
    expect(letters).toMatchObject([{ reason: 'RangeError: Invalid string length', position: positionOf(records[2]!) }]);
  });
});

describe('dead letters', () => {
  test('say why, where, and what', async () => {
    const { handler, letters } = source();
    const record = kinesisRecord(Buffer.from('not an event'), 7);
    await handler(record);
    expect(letters).toEqual([
      { reason: expect.stringMatching(/^SyntaxError: /), position: positionOf(record), encoding: 'text', payload: 'not an event' },
    ]);
  });

  test('hold what the store never takes, with its reason', async () => {
    const { handler, letters, rows } = source();
    const [good, refused] = [kinesisRecord(bytesOf(eventOf('1')), 1), kinesisRecord(bytesOf(eventOf('2', { type: 'refused' })), 2)];
    expect(await handler(good, refused)).toEqual({ batchItemFailures: [] });
    expect(rows().map(({ id }) => id)).toEqual(['1']);
    expect(letters).toMatchObject([{ reason: 'the store never takes it', position: positionOf(refused) }]);
  });

  test('are sent only when every lot is written', async () => {
    const { handler, letters } = source({ fault: () => 'before' });
    const [good, bad] = [kinesisRecord(bytesOf(eventOf('1')), 1), kinesisRecord(Buffer.from('bad'), 2)];
    expect(await handler(good, bad)).toEqual({ batchItemFailures: [{ itemIdentifier: numberOf(good) }] });
    expect(letters).toEqual([]);
  });
});

describe('the response to Lambda', () => {
  const records = ['1', '2', '3', '4'].map((id, place) => kinesisRecord(bytesOf(eventOf(id)), place));
  const failure = { batchItemFailures: [{ itemIdentifier: numberOf(records[0]!) }] };

  test('reports the first record if the store does not respond, before the function times out', async () => {
    const { ends } = modelEnds();
    const write = (_: unknown, signal?: AbortSignal) =>
      new Promise<never>((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)));
    const handler = kinesisSource({ ...ends, sink: { ...ends.sink, write } });
    expect(await handler({ Records: records }, { getRemainingTimeInMillis: () => 100 })).toEqual(failure);
  });

  test('is the same for a function with a timeout of three seconds as for one with a minute', async () => {
    const { ends, rows } = modelEnds();
    const write: typeof ends.sink.write = async (lot, signal) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      signal!.throwIfAborted();
      return ends.sink.write(lot);
    };
    const handler = kinesisSource({ ...ends, sink: { ...ends.sink, write } });
    expect(await handler({ Records: records }, { getRemainingTimeInMillis: () => 3_000 })).toEqual({ batchItemFailures: [] });
    expect(rows()).toHaveLength(4);
  });

  test('reports the first record if the dead letter is down: stored rows stay, and no dead letter is sent twice', async () => {
    const planned: Fault[] = ['none', 'before'];
    const { handler, rows, letters } = source({ fault: () => planned.shift() ?? 'none' });
    const bad = kinesisRecord(Buffer.from('bad'), 9);
    expect(await handler(...records, bad)).toEqual(failure);
    expect(await handler(...records, bad)).toEqual({ batchItemFailures: [] });
    expect([rows().length, letters.length]).toEqual([4, 1]);
  });

  test('is missing if the process ends after its write: Lambda retries the batch in halves, which store its rows a second time', async () => {
    const { ends, rows } = modelEnds();
    const handler = kinesisSource(ends);
    let killed = false;
    const givenUp = await deliver(
      records,
      async (...Records) => {
        const answer = await handler({ Records }, CONTEXT);
        if (killed) return answer;
        killed = true;
        throw new Error('killed');
      },
      4,
      retries,
    );
    expect(givenUp).toEqual([]);
    expect(rows().map(({ id }) => id)).toEqual(['1', '2', '3', '4', '1', '2', '3', '4']);
  });
});

test('a batch that failed comes back as a whole, and makes the same lots', async () => {
  const planned: Fault[] = ['after'];
  const { handler, lots } = source({ fault: () => planned.shift() ?? 'none' });
  const records = [0, 0, 1].map((hours, place) => kinesisRecord(bytesOf(eventOf(`${place}`)), place, { arrived: later(hours) }));
  expect(await handler(...records)).toEqual({ batchItemFailures: [{ itemIdentifier: numberOf(records[0]!) }] });
  const first = new Map(lots);
  expect(await handler(...records)).toEqual({ batchItemFailures: [] });
  expect(lots).toEqual(first);
});
