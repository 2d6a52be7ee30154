import { InvocationContext } from '@azure/functions';
import fc from 'fast-check';
import host from '../../../../azure/handlers/event-hubs-to-blob/host.json';
import { batchHandler, type EventHubsSourceProps, eventHubsSource } from '../../../../azure/runtime/sources/event-hubs';
import { type Event, PermanentError, type Transform } from '../../../../shared/runtime/event';
import type { Lot, Sink } from '../../../../shared/runtime/sink';
import { anEvent } from '../../../support/events';

const MAX_RETRIES = 3;

/** One record of a batch: the bytes, and the hour after midnight in which the hub took them. */
interface Sent {
  readonly bytes: Buffer;
  readonly hour: number;
}

/** A row as the store of these tests takes it. */
interface Stored {
  readonly subject: string;
  readonly refused: boolean;
}

/** A store, a dead letter and a log, and how often each fails. */
class World {
  readonly store = new Map<string, Lot<Stored>>();
  readonly deadLetter = new Map<string, string>();
  readonly log: unknown[][] = [];
  tries = 0;
  consumerGroup = 'reader';

  /** @param fails whether the next write fails, asked for each */
  constructor(private readonly fails: (container: 'store' | 'deadLetter') => boolean = () => false) {}

  readonly sink: Sink<Stored> = {
    encode: (row, { type }) => ({ subject: String(row.subject), refused: type === 'refused' }),
    write: async (lot) => {
      await null;
      if (this.fails('store')) throw new Error('store is down');
      this.store.set(lot.name, { ...lot, made: lot.made.filter(({ stored }) => !stored.refused) });
      return lot.made.filter(({ stored }) => stored.refused).map(({ record }) => ({ record, reason: 'the store refuses it' }));
    },
  };

  readonly bury: EventHubsSourceProps<Stored>['deadLetter'] = async (name, body) => {
    await null;
    if (this.fails('deadLetter')) throw new Error('deadLetter is down');
    this.deadLetter.set(name, body);
  };

  /** Bring one batch as the Functions host does: again after each failure, as often as the retry policy says. */
  async deliver(sent: readonly Sent[], transform: Transform = (event) => event): Promise<'settled' | 'given up'> {
    const handler = batchHandler({ transform, sink: this.sink, deadLetter: this.bury }, this.consumerGroup);
    for (let retryCount = 0; retryCount <= MAX_RETRIES; retryCount++) {
      this.tries++;
      const context = contextOf(sent, retryCount, (...words) => this.log.push(words));
      const settled = await handler(
        sent.map(({ bytes }) => bytes),
        context,
      ).then(
        () => true,
        () => false,
      );
      if (settled) return 'settled';
    }
    return 'given up';
  }

  /** The sequence numbers of the records whose rows are in the store, one for each row. */
  stored(): string[] {
    return [...this.store.values()].flatMap(({ made }) => made.map(({ stored }) => stored.subject));
  }

  /** The sequence numbers of the records that are in the dead letter. */
  dead(): string[] {
    return [...this.deadLetter.values()].map((body) => JSON.parse(body).position.sequenceNumber);
  }

  /** The sequence numbers that the log asks somebody to replay. */
  toReplay(): string[] {
    return this.log
      .flatMap(([level, , positions]) => (level === 'error' ? (positions as { sequenceNumber: string }[]) : []))
      .map((at) => at.sequenceNumber);
  }
}

function contextOf(sent: readonly Sent[], retryCount: number, logHandler: (...words: unknown[]) => void): InvocationContext {
  return new InvocationContext({
    logHandler,
    // On the first try the host says nothing of retries.
    retryContext: retryCount > 0 ? { retryCount, maxRetryCount: MAX_RETRIES } : undefined,
    triggerMetadata: {
      partitionContext: { partitionId: '3', eventHubName: 'orders', fullyQualifiedNamespace: 'acme.servicebus.windows.net' },
      sequenceNumberArray: sent.map((_, index) => index),
      enqueuedTimeUtcArray: sent.map(({ hour }) => new Date(hour * 3_600_000).toISOString()),
    },
  });
}

/** An event that carries its own sequence number, so that it is known again in the store. */
const good = (event: Event, index: number) => ({ bytes: Buffer.from(JSON.stringify({ ...event, subject: String(index) })), hour: 0 });
const plain: Event = { specversion: '1.0', id: '1', source: '/a', type: 'good', time: '2026-01-31T08:30:00Z' };
const INVALID: Sent = { bytes: Buffer.from('{"specversion":"1.0"}'), hour: 0 };

/** Poison makes the transform throw, a pair makes two rows, and what is of no interest makes none. */
const transform: Transform = (event) => {
  if (event.type === 'poison') throw new PermanentError('poison');
  if (event.type === 'pair') return [event, event];
  return event.type === 'skip' ? undefined : event;
};

const aBatch = fc
  .array(
    fc.record({
      kind: fc.constantFrom('good', 'pair', 'skip', 'poison', 'invalid', 'bytes', 'refused'),
      event: anEvent,
      hour: fc.integer({ min: 0, max: 2 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((kinds) => ({
    kinds: kinds.map(({ kind }) => kind),
    sent: kinds.map(({ kind, event, hour }, index): Sent => {
      if (kind === 'invalid') return { ...INVALID, hour };
      if (kind === 'bytes') return { bytes: Buffer.from([0xff, 0x00, index]), hour };
      return { ...good({ ...event, type: kind }, index), hour };
    }),
  }));

/** Where each record of a batch should end, when nothing is lost for good. */
const rowsOf: Readonly<Record<string, number>> = { good: 1, pair: 2, skip: 0 };

test('each event ends exactly once in the store, in the dead letter, or in the list of what to replay, whatever fails', async () => {
  await fc.assert(
    fc.asyncProperty(aBatch, fc.infiniteStream(fc.boolean()), fc.boolean(), async ({ kinds, sent }, failures, isDown) => {
      const world = new World(() => isDown || failures.next().value);
      const outcome = await world.deliver(sent, transform);
      const [stored, dead, toReplay] = [world.stored(), world.dead(), world.toReplay()];
      kinds.forEach((kind, index) => {
        const number = String(index);
        const rows = stored.filter((at) => at === number).length;
        const elsewhere = [...dead, ...toReplay].filter((at) => at === number).length;
        const fates =
          rowsOf[kind] === undefined
            ? [[0, 1]]
            : kind === 'skip'
              ? [[0, 0]]
              : [
                  [rowsOf[kind], 0],
                  [0, 1],
                ];
        expect(fates).toContainEqual([rows, elsewhere]);
      });
      expect(outcome === 'given up').toBe(toReplay.length > 0);
    }),
    { numRuns: 300 },
  );
});

test('when nothing fails, one try settles everything, and only what can never work is in the dead letter', async () => {
  await fc.assert(
    fc.asyncProperty(aBatch, async ({ kinds, sent }) => {
      const world = new World();
      expect(await world.deliver(sent, transform)).toBe('settled');
      expect(world.tries).toBe(1);
      const numbers = kinds.map((kind, index) => [kind, String(index)] as const);
      expect(world.dead().sort()).toEqual(numbers.flatMap(([kind, number]) => (rowsOf[kind] === undefined ? [number] : [])).sort());
      expect(world.stored().sort()).toEqual(numbers.flatMap(([kind, number]) => Array<string>(rowsOf[kind] ?? 0).fill(number)).sort());
    }),
    { numRuns: 100 },
  );
});

test('a batch that comes again after a crash writes the same names, with the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(aBatch, async ({ sent }) => {
      const [once, again] = [new World(), new World()];
      await once.deliver(sent, transform);
      await again.deliver(sent, transform);
      expect([...again.store]).toEqual([...once.store]);
      expect([...again.deadLetter]).toEqual([...once.deadLetter]);
    }),
    { numRuns: 30 },
  );
});

test('a lot holds the rows of one hour, and is named after its hub, its reader, its partition, its first and its last record', async () => {
  const world = new World();
  await world.deliver([0, 0, 1].map((hour, index) => ({ ...good(plain, index), hour })));
  expect([...world.store.values()].map(({ name, arrived }) => [name, arrived.toISOString()])).toEqual([
    ['acme-orders-reader-p3-0-1', '1970-01-01T00:00:00.000Z'],
    ['acme-orders-reader-p3-2-2', '1970-01-01T01:00:00.000Z'],
  ]);
});

test('two processors that read one hub share a store, and neither overwrites the other', async () => {
  const world = new World();
  for (const reader of ['one', 'two']) {
    world.consumerGroup = reader;
    await world.deliver([good(plain, 0), INVALID]);
  }
  expect([world.stored(), world.dead()]).toEqual([
    ['0', '0'],
    ['1', '1'],
  ]);
});

test('a store that never answers fails a try, and the last one is done before the host ends the function', async () => {
  const limits: number[] = [];
  const timeout = jest.spyOn(AbortSignal, 'timeout').mockImplementation((limit) => {
    limits.push(limit);
    return AbortSignal.abort(new Error('too late'));
  });
  const world = new World();
  const stall: Sink<Stored>['write'] = (_lot, signal) =>
    new Promise((_resolve, reject) => (signal?.aborted ? reject(signal.reason) : undefined));
  const handler = batchHandler({ transform, sink: { ...world.sink, write: stall }, deadLetter: world.bury }, 'reader');
  const deliver = (retryCount: number) =>
    handler(
      [good(plain, 0).bytes],
      contextOf([good(plain, 0)], retryCount, () => {}),
    );
  await expect(deliver(0)).rejects.toThrow('1 writes failed. The batch is tried again.');
  limits.length = 0;
  await deliver(MAX_RETRIES);
  timeout.mockRestore();

  expect([...world.deadLetter.values()].map((body) => JSON.parse(body).reason)).toEqual(['Not stored: Error: too late']);
  const [hours, minutes, seconds] = host.functionTimeout.split(':').map(Number) as [number, number, number];
  // Lots and letters are written side by side, and what was refused or given up after them.
  expect(limits).toHaveLength(3);
  expect(2 * Math.max(...limits)).toBeLessThan(((hours * 60 + minutes) * 60 + seconds) * 500);
});

test('a poison event goes to the dead letter at once, with its payload, the reason and its position, and its neighbours are stored', async () => {
  const world = new World();
  await world.deliver([good(plain, 0), good({ ...plain, type: 'poison' }, 1), good(plain, 2)], transform);
  expect(world.tries).toBe(1);
  expect(world.stored()).toEqual(['0', '2']);
  expect([...world.deadLetter].map(([name, body]) => [name, JSON.parse(body)])).toEqual([
    [
      'year=1970/month=01/day=01/hour=00/acme-orders-reader-p3-1.json',
      {
        reason: 'PermanentError: poison',
        position: {
          namespace: 'acme.servicebus.windows.net',
          hub: 'orders',
          partition: '3',
          sequenceNumber: '1',
          enqueued: '1970-01-01T00:00:00.000Z',
        },
        encoding: 'text',
        payload: JSON.stringify({ ...plain, type: 'poison', subject: '1' }),
      },
    ],
  ]);
});

test('while the store is down, the batch is tried again, and then goes to the dead letter with the reason', async () => {
  const world = new World((container) => container === 'store');
  expect(await world.deliver([good(plain, 0), INVALID])).toBe('settled');
  expect(world.tries).toBe(1 + MAX_RETRIES);
  expect(world.dead().sort()).toEqual(['0', '1']);
  expect([...world.deadLetter.values()].map((body) => JSON.parse(body).reason)).toContain('Not stored: Error: store is down');
});

test('a store that comes back in time gets everything, and the dead letter nothing', async () => {
  let failures = 2;
  const world = new World(() => failures-- > 0);
  expect(await world.deliver([good(plain, 0), good(plain, 1)])).toBe('settled');
  expect([world.tries, world.stored(), world.dead()]).toEqual([3, ['0', '1'], []]);
});

test('what was stored in an earlier try does not go to the dead letter when the store is down in the last', async () => {
  let writes = 0;
  // The lot of the first hour is written in the first try, and nothing after it.
  const world = new World((container) => container === 'store' && writes++ > 0);
  await world.deliver([0, 1].map((hour, index) => ({ ...good(plain, index), hour })));
  expect([world.stored(), world.dead()]).toEqual([['0'], ['1']]);
});

test('an answer that is lost on its way never loses an event', async () => {
  await fc.assert(
    fc.asyncProperty(aBatch, fc.infiniteStream(fc.boolean()), async ({ kinds, sent }, lost) => {
      const world = new World();
      const losing = <Call extends unknown[], Answer>(call: (...given: Call) => Promise<Answer>) => {
        return async (...given: Call): Promise<Answer> => {
          const answer = await call(...given);
          if (lost.next().value) throw new Error('the answer was lost');
          return answer;
        };
      };
      const sink = { ...world.sink, write: losing(world.sink.write) };
      const handler = batchHandler({ transform, sink, deadLetter: losing(world.bury) }, 'reader');
      for (let retryCount = 0; retryCount <= MAX_RETRIES; retryCount++) {
        const context = contextOf(sent, retryCount, () => {});
        const messages = sent.map(({ bytes }) => bytes);
        if (
          await handler(messages, context).then(
            () => true,
            () => false,
          )
        )
          break;
      }
      const found = new Set([...world.stored(), ...world.dead()]);
      expect(kinds.flatMap((kind, index) => (kind === 'skip' || found.has(String(index)) ? [] : [index]))).toEqual([]);
    }),
    { numRuns: 50 },
  );
});

test('what the store refuses goes to the dead letter, with its reason, and its neighbours are stored', async () => {
  const world = new World();
  expect(await world.deliver([good(plain, 0), good({ ...plain, type: 'refused' }, 1), good(plain, 2)])).toBe('settled');
  expect([world.tries, world.stored(), world.dead()]).toEqual([1, ['0', '2'], ['1']]);
  expect([...world.deadLetter.values()].map((body) => JSON.parse(body).reason)).toEqual(['the store refuses it']);
});

test('what the store refused in an earlier try is not forgotten while the dead letter is down', async () => {
  let letters = 0;
  const world = new World((container) => container === 'deadLetter' && letters++ < 2);
  expect(await world.deliver([good(plain, 0), good({ ...plain, type: 'refused' }, 1)])).toBe('settled');
  expect([world.tries, world.stored(), world.dead()]).toEqual([3, ['0'], ['1']]);
});

test('when even the dead letter is down, the last try fails aloud and says what to replay', async () => {
  const world = new World(() => true);
  expect(await world.deliver([good(plain, 0), INVALID])).toBe('given up');
  expect(world.toReplay().sort()).toEqual(['0', '1']);
  expect(world.log.at(-1)![1]).toBe('Replay these from the hub: they are neither in the store nor in the dead letter.');
});

test('the trigger asks for bytes, and retries as often as its setting says', () => {
  Object.assign(process.env, { EVENTS_MAX_RETRIES: '4', EVENTS_CONSUMER_GROUP: 'reader' });
  const world = new World();
  expect(eventHubsSource({ transform, sink: world.sink, deadLetter: world.bury })).toMatchObject({
    trigger: { type: 'eventHubTrigger', connection: 'EVENTS', eventHubName: '%EVENTS_HUB%', cardinality: 'many', dataType: 'binary' },
    retry: { strategy: 'exponentialBackoff', maxRetryCount: 4, minimumInterval: { seconds: 30 }, maximumInterval: { minutes: 15 } },
  });
});

test('a batch of nothing but what is of no interest writes nothing', async () => {
  const world = new World();
  expect(await world.deliver([good({ ...plain, type: 'skip' }, 0)], transform)).toBe('settled');
  expect([world.store.size, world.deadLetter.size]).toEqual([0, 0]);
});
