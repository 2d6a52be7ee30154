import { InvocationContext } from '@azure/functions';
import fc from 'fast-check';
import host from '../../../../azure/handlers/event-hubs-to-blob/host.json';
import type { SendLetters } from '../../../../azure/runtime/dead-letter';
import { batchHandler, eventHubsSource, type Reading } from '../../../../azure/runtime/sources/event-hubs';
import { nameOf, readBatch } from '../../../../azure/runtime/sources/event-hubs/batch';
import { BatchFailed } from '../../../../azure/runtime/sources/event-hubs/settle';
import { slicesOf } from '../../../../azure/runtime/sources/event-hubs/slices';
import { type Event, PermanentError, type Row, type Transform } from '../../../../shared/runtime/event';
import type { Lot, Sink, SourceRecord } from '../../../../shared/runtime/sink';
import type { DeadLetter } from '../../../../shared/runtime/verdict';
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

/** What becomes of a call: it works, it fails, it works and its answer is lost, or the process ends in the middle of it. */
type Fate = 'works' | 'fails' | 'answer lost' | 'the process ends';
type Place = 'store' | 'deadLetter' | 'notes';

/** A store, a dead letter, notes and a log, and what becomes of each call. */
class World {
  readonly store = new Map<string, Lot<Stored>>();
  readonly deadLetter = new Map<string, readonly DeadLetter[]>();
  readonly notes = new Map<string, string>();
  readonly calls: Place[] = [];
  readonly log: unknown[][] = [];
  tries = 0;
  private handler?: ReturnType<typeof batchHandler>;
  /** Hears that the process has ended. */
  private ended = () => {};

  /** @param fateOf what becomes of the next call, asked for each */
  constructor(private readonly fateOf: (place: Place, rows: readonly Stored[]) => Fate | boolean = () => 'works') {}

  readonly sink: Sink<Stored> = {
    encode: (row, { type }) => ({ subject: String(row.subject), refused: type === 'refused' }),
    write: (lot) =>
      this.call(
        'store',
        lot.made.map(({ stored }) => stored),
        () => {
          this.store.set(lot.name, { ...lot, made: lot.made.filter(({ stored }) => !stored.refused) });
          return lot.made.filter(({ stored }) => stored.refused).map(({ record }) => ({ record, reason: 'the store refuses it' }));
        },
      ),
  };

  readonly sendLetters: SendLetters = (name, letters) => this.call('deadLetter', [], () => void this.deadLetter.set(name, letters));

  reading: Reading = {
    consumerGroup: 'reader',
    maxRetries: MAX_RETRIES,
    notes: {
      read: (name) => this.call('notes', [], () => this.notes.get(name)),
      write: (name, text) => this.call('notes', [], () => void this.notes.set(name, text)),
    },
  };

  private async call<Answer>(place: Place, rows: readonly Stored[], act: () => Answer): Promise<Answer> {
    await null;
    this.calls.push(place);
    const fate = this.fateOf(place, rows);
    if (fate === 'the process ends') {
      this.ended();
      return new Promise(() => {});
    }
    if (fate === true || fate === 'fails') throw new Error(`${place} is down`);
    const answer = act();
    if (fate === 'answer lost') throw new Error('the answer was lost');
    return answer;
  }

  /** Start a process, the one of another processor. */
  startAs(consumerGroup: string) {
    this.reading = { ...this.reading, consumerGroup };
    this.handler = undefined;
  }

  /** Bring one batch as the Functions host does: again after each failure, without end, and to a new process when one ended. */
  async deliver(sent: readonly Sent[], transform: Transform = (event) => event, { tries = 50, partition = '3', from = 0 } = {}) {
    let retryCount = 0;
    for (let times = 0; times < tries; times++) {
      this.tries++;
      this.handler ??= batchHandler({ transform, sink: this.sink, deadLetter: this.sendLetters }, this.reading);
      const context = contextOf(sent, retryCount, (...words) => this.log.push(words), partition, from);
      const ended = new Promise<'ended'>((resolve) => {
        this.ended = () => resolve('ended');
      });
      const messages = sent.map(({ bytes }) => bytes);
      const outcome = await Promise.race([
        ended,
        this.handler(messages, context).then(
          () => 'settled' as const,
          (error: Error) => error,
        ),
      ]);
      if (outcome === 'settled') return 'settled';
      if (outcome === 'ended') {
        // The host has forgotten which try it was.
        [this.handler, retryCount] = [undefined, 0];
      } else {
        this.log.push(['failed', outcome.message]);
        retryCount++;
      }
    }
    return 'waits';
  }

  /** The sequence numbers of the records whose rows are in the store, one for each row. */
  stored(): string[] {
    return [...this.store.values()].flatMap(({ made }) => made.map(({ stored }) => stored.subject));
  }

  letters(): DeadLetter[] {
    return [...this.deadLetter.values()].flat();
  }

  /** The sequence numbers of the records that are in the dead letter. */
  dead(): string[] {
    return this.letters().map(({ position }) => String(position.sequenceNumber));
  }

  reasons(): string[] {
    return this.letters().map(({ reason }) => reason);
  }
}

function contextOf(
  sent: readonly Sent[],
  retryCount: number,
  logHandler: (...words: unknown[]) => void,
  partitionId = '3',
  from = 0,
): InvocationContext {
  return new InvocationContext({
    logHandler,
    // On the first try the host may say nothing of retries.
    retryContext: retryCount > 0 ? { retryCount, maxRetryCount: -1 } : undefined,
    triggerMetadata: {
      partitionContext: { partitionId, eventHubName: 'orders', fullyQualifiedNamespace: 'acme.servicebus.windows.net' },
      sequenceNumberArray: sent.map((_, index) => from + index),
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
    { minLength: 1, maxLength: 12 },
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

test('each event ends exactly once in the store or in the dead letter, whatever fails, and for however long', async () => {
  await fc.assert(
    fc.asyncProperty(aBatch, fc.array(fc.boolean(), { maxLength: 60 }), fc.nat(40), async ({ kinds, sent }, failures, downFor) => {
      let calls = 0;
      const world = new World(() => calls++ < downFor || (failures[calls - downFor] ?? false));
      expect(await world.deliver(sent, transform, { tries: 150 })).toBe('settled');
      const [stored, dead] = [world.stored(), world.dead()];
      kinds.forEach((kind, index) => {
        const number = String(index);
        const rows = stored.filter((at) => at === number).length;
        const letters = dead.filter((at) => at === number).length;
        const [made] = [rowsOf[kind]];
        const fates =
          made === undefined
            ? [[0, 1]]
            : made === 0
              ? [[0, 0]]
              : [
                  [made, 0],
                  [0, 1],
                ];
        expect(fates).toContainEqual([rows, letters]);
      });
    }),
    { numRuns: 80 },
  );
});

test('while nothing can be written, nothing is given up, and the batch waits', async () => {
  await fc.assert(
    fc.asyncProperty(aBatch, fc.constantFrom('store', 'deadLetter', 'notes'), async ({ kinds, sent }, down) => {
      const world = new World((place) => place === 'deadLetter' || place === down);
      const isNothing = kinds.every((kind) => rowsOf[kind] !== undefined && (down !== 'store' || rowsOf[kind] === 0));
      expect(await world.deliver(sent, transform)).toBe(isNothing && down !== 'notes' ? 'settled' : 'waits');
      expect(world.deadLetter.size).toBe(0);
    }),
    { numRuns: 30 },
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
    { numRuns: 30 },
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
    ['acme~orders~reader~p3-0-1', '1970-01-01T00:00:00.000Z'],
    ['acme~orders~reader~p3-2-2', '1970-01-01T01:00:00.000Z'],
  ]);
});

test('two processors that read one hub share a store, and neither overwrites the other', async () => {
  const world = new World();
  for (const reader of ['one', 'two']) {
    world.startAs(reader);
    await world.deliver([good(plain, 0), INVALID]);
  }
  expect([world.stored(), world.dead()]).toEqual([
    ['0', '0'],
    ['1', '1'],
  ]);
});

test('a store that never answers fails a try, which is done before the host ends the function', async () => {
  const limits: number[] = [];
  const timeout = jest.spyOn(AbortSignal, 'timeout').mockImplementation((limit) => {
    limits.push(limit);
    return AbortSignal.abort(new Error('too late'));
  });
  const world = new World();
  const stall: Sink<Stored>['write'] = (_lot, signal) =>
    new Promise((_resolve, reject) => (signal?.aborted ? reject(signal.reason) : undefined));
  Object.assign(world.sink, { write: stall });
  expect(await world.deliver([good(plain, 0)])).toBe('settled');
  timeout.mockRestore();

  expect(world.tries).toBe(1 + MAX_RETRIES);
  expect(world.reasons()).toEqual(['Not stored: Error: too late']);
  const [hours, minutes, seconds] = host.functionTimeout.split(':').map(Number) as [number, number, number];
  // A slice begins up to two minutes late: its lots, its letters, and asking after each for twenty seconds. It may wait for another one that does the same.
  const slice = 2 * (Math.max(...limits) + 20_000);
  expect(2 * 60_000 + 2 * slice).toBeLessThan(((hours * 60 + minutes) * 60 + seconds) * 1000);
});

test('a poison event goes to the dead letter in its first try, with its payload, the reason and its position, and its neighbours are stored', async () => {
  const world = new World();
  await world.deliver([good(plain, 0), good({ ...plain, type: 'poison' }, 1), good(plain, 2)], transform);
  expect(world.tries).toBe(1);
  expect(world.stored()).toEqual(['0', '2']);
  expect([...world.deadLetter]).toEqual([
    [
      'year=1970/month=01/day=01/hour=00/acme~orders~reader~p3-0-2',
      [
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
    ],
  ]);
});

test('while the store is down, the batch is tried again, and then goes to the dead letter with the reason', async () => {
  const world = new World((place) => place === 'store');
  expect(await world.deliver([good(plain, 0), INVALID])).toBe('settled');
  expect(world.tries).toBe(1 + MAX_RETRIES);
  expect(world.dead()).toEqual(['0', '1']);
  expect(world.reasons()[0]).toBe('Not stored: Error: store is down');
});

test('a store that comes back in time gets everything, and the dead letter nothing', async () => {
  let failures = 2;
  const world = new World((place) => place === 'store' && failures-- > 0);
  expect(await world.deliver([good(plain, 0), good(plain, 1)])).toBe('settled');
  expect([world.tries, world.stored(), world.dead()]).toEqual([3, ['0', '1'], []]);
});

test('an account that is down for longer than all retries, with store and dead letter in it, costs time and no event', async () => {
  const world: World = new World((place) => place !== 'notes' && world.tries < 10 * MAX_RETRIES);
  expect(await world.deliver([good(plain, 0), INVALID, good(plain, 2)])).toBe('settled');
  expect(world.tries).toBe(10 * MAX_RETRIES);
  expect([world.stored(), world.dead()]).toEqual([['0', '2'], ['1']]);
});

test('a batch that waits says why, and which events it is, in an exception: exceptions are neither cut nor sampled', async () => {
  const world = new World((place) => place !== 'notes');
  expect(await world.deliver([good(plain, 0), good(plain, 1)], transform, { tries: 1 + MAX_RETRIES })).toBe('waits');
  expect(world.log.map(([, message]) => message)).toEqual([
    ...Array(MAX_RETRIES).fill('1 of 1 writes failed for acme~orders~reader~p3-0-1: Error: store is down. The batch is retried.'),
    'The dead letter of acme~orders~reader~p3-0-1 cannot be written: Error: deadLetter is down. Its 2 events stay in the hub, and the batch is retried.',
  ]);
  expect(host.logging.applicationInsights.samplingSettings.excludedTypes.split(';')).toEqual(
    expect.arrayContaining(['Exception', 'Trace']),
  );
});

test('what was stored in an earlier try does not go to the dead letter when the store is down in the last', async () => {
  let writes = 0;
  // The lot of the first hour is written in the first try, and nothing after it.
  const world = new World((place) => place === 'store' && writes++ > 0);
  await world.deliver([0, 1].map((hour, index) => ({ ...good(plain, index), hour })));
  expect([world.stored(), world.dead()]).toEqual([['0'], ['1']]);
});

test('letters whose answer is lost are replaced when the store is up again: no event stays in both places', async () => {
  let letters = 0;
  const world = new World((place) => {
    if (place === 'deadLetter') return letters++ === 0 ? 'answer lost' : 'works';
    return place === 'store' && letters === 0 ? 'fails' : 'works';
  });
  expect(await world.deliver([good(plain, 0), INVALID])).toBe('settled');
  expect([world.stored(), world.dead()]).toEqual([['0'], ['1']]);

  letters = 0;
  expect(await world.deliver([good(plain, 7)], transform, { from: 7 })).toBe('settled');
  expect([world.stored(), world.dead()]).toEqual([['0', '7'], ['1']]);
  expect([...world.deadLetter.values()].at(-1)).toEqual([]);
});

test('an answer that is lost on its way never loses an event', async () => {
  await fc.assert(
    fc.asyncProperty(aBatch, fc.array(fc.boolean(), { maxLength: 60 }), async ({ kinds, sent }, lost) => {
      const ahead = lost.values();
      const world = new World(() => (ahead.next().value ? 'answer lost' : 'works'));
      expect(await world.deliver(sent, transform, { tries: 100 })).toBe('settled');
      const found = new Set([...world.stored(), ...world.dead()]);
      expect(kinds.flatMap((kind, index) => (kind === 'skip' || found.has(String(index)) ? [] : [index]))).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

test('a process that ends at any moment loses no event', async () => {
  const bad = fc.array(fc.constantFrom<Fate>('works', 'works', 'fails', 'the process ends'), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(aBatch, bad, async ({ kinds, sent }, fates) => {
      const ahead = fates.values();
      const world = new World(() => ahead.next().value ?? 'works');
      expect(await world.deliver(sent, transform, { tries: 100 })).toBe('settled');
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
  expect(world.reasons()).toEqual(['the store refuses it']);
});

test('what the store refused in an earlier try is not forgotten while the dead letter is down', async () => {
  let letters = 0;
  const world = new World((place) => place === 'deadLetter' && letters++ < 2);
  expect(await world.deliver([good(plain, 0), good({ ...plain, type: 'refused' }, 1)])).toBe('settled');
  expect([world.tries, world.stored(), world.dead()]).toEqual([3, ['0'], ['1']]);
});

describe('data of any size', () => {
  test('an event of 130,000 rows is stored with its neighbours', async () => {
    const world = new World();
    const rows = Array<Row>(130_000).fill({ ...plain, subject: '1' });
    const many: Transform = (event) => (event.type === 'many' ? rows : event);
    expect(await world.deliver([good(plain, 0), good({ ...plain, type: 'many' }, 1)], many)).toBe('settled');
    expect([world.tries, world.stored().length, world.dead()]).toEqual([1, 130_001, []]);
  });

  test('a batch of 130,000 rows goes to the dead letter when the store is down', async () => {
    const world = new World((place) => place === 'store');
    Object.assign(world.reading, { maxRetries: 0 });
    const many: Transform = (event) => Array<Row>(130_000).fill(event);
    expect(await world.deliver([good(plain, 0), INVALID], many)).toBe('settled');
    expect(world.dead()).toEqual(['0', '1']);
  });

  test('a large batch is cut by its bytes, at the same places at every try, and each part has its own lot and letters', async () => {
    const sizes = (bytes: readonly number[]) =>
      slicesOf(
        bytes.map((size, index) => recordOf(Buffer.alloc(size), index)),
        64,
      ).map((slice) => slice.length);
    expect(sizes([1, 63, 1, 64, 65, 1, 1])).toEqual([2, 1, 1, 1, 2]);
    expect(sizes([100])).toEqual([1]);
    const world = new World();
    Object.assign(world.reading, { sliceBytes: 2 * good(plain, 0).bytes.length });
    await world.deliver([good(plain, 0), good(plain, 1), INVALID, good(plain, 3)]);
    expect([...world.store.keys()]).toEqual(['acme~orders~reader~p3-0-1', 'acme~orders~reader~p3-2-3']);
    expect([...world.deadLetter.keys()]).toEqual(['year=1970/month=01/day=01/hour=00/acme~orders~reader~p3-2-3']);
  });

  test.each([
    ['an error', () => new RangeError('Invalid string length'), 'Not stored: RangeError: Invalid string length'],
    ['text', () => 'a text', 'Not stored: a text'],
    ['nothing', () => undefined, 'Not stored: undefined'],
  ])('whatever is thrown, %s too: after the last try all that was handed over is in the dead letter', async (_, thrown, reason) => {
    const world = new World();
    Object.assign(world.sink, {
      write: () => {
        throw thrown();
      },
    });
    expect(await world.deliver([good(plain, 0), good(plain, 1)])).toBe('settled');
    expect(world.dead()).toEqual(['0', '1']);
    expect(world.reasons()).toEqual([reason, reason]);
  });

  test('a fault of our own, before anything is written, ends in the dead letter as well', async () => {
    const world = new World();
    Object.defineProperty(world.sink, 'write', {
      get: () => {
        throw new TypeError('a fault of ours');
      },
    });
    expect(await world.deliver([good(plain, 0), INVALID])).toBe('settled');
    expect(world.dead()).toEqual(['0', '1']);
  });
});

describe('a transform that ends the process', () => {
  const deadly = ({ subject }: Stored) => subject === '2';
  const killing = (place: Place, rows: readonly Stored[]) => (place === 'store' && rows.some(deadly) ? 'the process ends' : 'works');

  test('only its event goes to the dead letter, after a bounded number of tries, and its neighbours are stored', async () => {
    const world = new World(killing);
    expect(await world.deliver([0, 1, 2, 3].map((index) => good(plain, index)))).toBe('settled');
    expect([world.stored(), world.dead()]).toEqual([['0', '1', '3'], ['2']]);
    expect(world.reasons()).toEqual(['The process ended 3 times while it held this event alone.']);
    expect(world.tries).toBeLessThanOrEqual(7);
  });

  test('processes that end by chance blame no event', async () => {
    // Twice with the whole batch, then with the first event and the second by turns.
    const ends = [true, true, true, false, true, true, false, true, true];
    const world = new World((place) => (place === 'store' && ends.shift() ? 'the process ends' : 'works'));
    expect(await world.deliver([0, 1, 2].map((index) => good(plain, index)))).toBe('settled');
    expect([world.stored().sort(), world.dead()]).toEqual([['0', '1', '2'], []]);
  });

  test('two of them in one batch are both found', async () => {
    const world = new World((place, rows) =>
      place === 'store' && rows.some(({ subject }) => subject === '1' || subject === '3') ? 'the process ends' : 'works',
    );
    expect(await world.deliver([0, 1, 2, 3, 4].map((index) => good(plain, index)))).toBe('settled');
    expect([world.stored().sort(), world.dead()]).toEqual([
      ['0', '2', '4'],
      ['1', '3'],
    ]);
  });

  test('the batch after it is taken as a whole again, and a later reader that begins anew gets all of it', async () => {
    const world = new World(killing);
    const sent = [0, 1, 2, 3].map((index) => good(plain, index));
    await world.deliver(sent);
    await world.deliver([good(plain, 4), good(plain, 5)], transform, { from: 4 });
    expect([...world.store.keys()].at(-1)).toBe('acme~orders~reader~p3-4-5');

    // Somebody mends the transform, and has the hub read from its start.
    const mended = new World();
    for (const [name, text] of world.notes) mended.notes.set(name, text);
    expect(await mended.deliver(sent)).toBe('settled');
    expect([mended.stored(), mended.dead()]).toEqual([['0', '1', '2', '3'], []]);
  });

  test('a store that fails while a batch is taken event by event is no fault of the event', async () => {
    let deaths = 0;
    let failures = 0;
    const world = new World((place, rows) => {
      if (place !== 'store') return 'works';
      if (deaths < 3) {
        deaths++;
        return 'the process ends';
      }
      return rows.some(({ subject }) => subject === '1') && failures++ < MAX_RETRIES ? 'fails' : 'works';
    });
    expect(await world.deliver([0, 1, 2].map((index) => good(plain, index)))).toBe('settled');
    expect([world.stored(), world.dead()]).toEqual([['0', '1', '2'], []]);
    expect(failures).toBe(MAX_RETRIES + 1);
  });

  test('nor is a process that ends later, once it has let go of the event', async () => {
    let deaths = 0;
    let isDown = true;
    const world = new World((place) => {
      if (place !== 'store') return 'works';
      return deaths++ < 3 ? 'the process ends' : isDown;
    });
    const sent = [good(plain, 0), good(plain, 1)];
    await world.deliver(sent, transform, { tries: 3 });
    for (let restart = 0; restart < 5; restart++) {
      expect(await world.deliver(sent, transform, { tries: 1 })).toBe('waits');
      world.startAs('reader');
    }
    isDown = false;
    expect(await world.deliver(sent)).toBe('settled');
    expect([world.stored(), world.dead()]).toEqual([['0', '1'], []]);
  });

  test('other partitions of its process lose nothing, and none of their events goes to the dead letter', async () => {
    // Two partitions share a process, and one of them holds the event that ends it.
    const notes = new Map<string, string>();
    const [stored, dead]: [Set<string>, string[]] = [new Set(), []];
    let processes = 0;
    for (let isSettled = false; !isSettled && processes < 20; processes++) {
      isSettled = await new Promise<boolean>((resolve) => {
        let hasEnded = false;
        const end = () => {
          hasEnded = true;
          resolve(false);
        };
        // A process that has ended does nothing any more.
        const alive = async <Answer>(act: () => Answer | Promise<Answer>): Promise<Answer> => {
          await new Promise(setImmediate);
          return hasEnded ? new Promise(() => {}) : act();
        };
        const handler = batchHandler<string>(
          {
            transform: (event) => event,
            sink: {
              encode: (row) => String(row.subject),
              write: (lot) =>
                alive(() => {
                  if (lot.made.some(({ stored: row }) => row === 'deadly')) {
                    end();
                    return new Promise<never>(() => {});
                  }
                  for (const { stored: row } of lot.made) stored.add(row);
                  return [];
                }),
            },
            deadLetter: (_, letters) => alive(() => void dead.push(...letters.map(({ payload }) => JSON.parse(payload).subject))),
          },
          {
            consumerGroup: 'reader',
            maxRetries: MAX_RETRIES,
            notes: { read: (name) => alive(() => notes.get(name)), write: (name, text) => alive(() => void notes.set(name, text)) },
          },
        );
        const batches = [
          ['0', ['a', 'b', 'deadly', 'c']],
          ['1', ['d', 'e', 'f']],
        ] as const;
        const all = batches.map(([partition, subjects]) => {
          const sent = subjects.map((subject) => ({ bytes: Buffer.from(JSON.stringify({ ...plain, subject })), hour: 0 }));
          return handler(
            sent.map(({ bytes }) => bytes),
            contextOf(sent, 0, () => {}, partition),
          );
        });
        void Promise.all(all).then(() => resolve(true));
      });
    }
    expect([[...stored].sort(), [...new Set(dead)]]).toEqual([['a', 'b', 'c', 'd', 'e', 'f'], ['deadly']]);
    expect(processes).toBeLessThan(10);
  });

  test('a process that lives writes one note for each partition, whatever it reads', async () => {
    const world = new World();
    for (const from of [0, 1, 2, 3]) await world.deliver([good(plain, from)], transform, { from });
    expect(world.calls.filter((call) => call === 'notes')).toHaveLength(2);
  });

  test('a batch that cannot be noted is not tried, and says so', async () => {
    const world = new World((place) => place === 'notes');
    expect(await world.deliver([good(plain, 0)], transform, { tries: 1 + MAX_RETRIES })).toBe('waits');
    expect([world.store.size, world.deadLetter.size]).toEqual([0, 0]);
    expect(world.log.at(-1)).toEqual([
      'failed',
      'The notes in the host storage cannot be read or written: Error: notes is down. The batch is retried.',
    ]);
  });

  test('a note that is no note counts as none', async () => {
    for (const text of ['', '{', 'null', '[]', '{"first":1}']) {
      const world = new World();
      world.notes.set('acme~orders~reader~p3.json', text);
      expect(await world.deliver([good(plain, 0)])).toBe('settled');
    }
  });
});

test('names of two hubs never meet, whatever they and their readers are called', async () => {
  // What each of them may hold: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
  const aName = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,6}[a-z0-9]$/);
  const aPlace = fc.record({ eventHubName: aName, group: aName, partitionId: fc.constantFrom('0', '1', '11') });
  const placeOf = ({ eventHubName, group, partitionId }: { eventHubName: string; group: string; partitionId: string }) => {
    const metadata = {
      partitionContext: { partitionId, eventHubName, fullyQualifiedNamespace: 'acme.servicebus.windows.net' },
      sequenceNumberArray: [1],
      enqueuedTimeUtcArray: ['2026-01-31T08:30:00Z'],
    };
    const { place, records } = readBatch(['{}'], metadata, group);
    return nameOf(place!, records);
  };
  fc.assert(
    fc.property(aPlace, aPlace, (one, other) => {
      expect(placeOf(one) === placeOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
    {
      examples: [
        [
          { eventHubName: 'orders-eu', group: 'processing', partitionId: '0' },
          { eventHubName: 'orders', group: 'eu-processing', partitionId: '0' },
        ],
      ],
    },
  );
});

describe('entries that the host leaves out', () => {
  const leftOut = (payloads: readonly unknown[], positions: number, retryCount = 0) => {
    const context = contextOf(Array(positions).fill({ bytes: Buffer.alloc(0), hour: 0 }), retryCount, () => {});
    return [payloads, context] as const;
  };

  test('what came is stored, and what did not come has a letter with the range of the batch', async () => {
    const world = new World();
    const handler = batchHandler({ transform, sink: world.sink, deadLetter: world.sendLetters }, world.reading);
    await handler(...leftOut([good(plain, 0).bytes, good(plain, 2).bytes], 3));
    expect([...world.store.keys()]).toEqual(['acme~orders~reader~p3-0.0-0.2']);
    expect(world.stored()).toEqual(['0', '2']);
    expect(world.letters()).toEqual([
      {
        reason: expect.stringMatching(/^SyntaxError/),
        position: expect.objectContaining({ partition: '3', sequenceNumber: '0', lastSequenceNumber: '2', entry: 2 }),
        encoding: 'text',
        payload: '',
      },
    ]);
  });

  test('without any position, a batch is tried again, and then it is in the dead letter under a name of what is in it', async () => {
    const world = new World();
    const handler = batchHandler({ transform, sink: world.sink, deadLetter: world.sendLetters }, world.reading);
    await expect(handler(...leftOut([good(plain, 0).bytes], 0))).rejects.toThrow(
      new BatchFailed('The host passed 1 events without their positions. The batch is retried.'),
    );
    await handler(...leftOut([good(plain, 0).bytes], 0, MAX_RETRIES));
    await handler(...leftOut([good(plain, 0).bytes], 0, MAX_RETRIES + 1));
    expect([...world.deadLetter.keys()]).toEqual([expect.stringMatching(/^unplaced\/[0-9a-f]{64}$/)]);
    expect(world.letters()).toEqual([
      {
        reason: 'The host passed 1 events without their positions.',
        position: expect.objectContaining({ hub: 'orders', partition: '3' }),
        encoding: 'text',
        payload: good(plain, 0).bytes.toString(),
      },
    ]);
  });
});

test('a hub that is made anew counts from 0 again, and its events are others', async () => {
  const world = new World();
  await world.deliver([good(plain, 0)]);
  await world.deliver([{ ...good(plain, 0), hour: 5 }]);
  expect(world.calls.filter((call) => call === 'store')).toHaveLength(2);
});

test('the trigger asks for bytes and for retries without end, since only the handler knows whether a batch may be given up', () => {
  Object.assign(process.env, {
    EVENTS_MAX_RETRIES: '4',
    EVENTS_CONSUMER_GROUP: 'reader',
    HOST_ENDPOINT: 'https://acme/',
    AZURE_CLIENT_ID: 'id',
  });
  const world = new World();
  expect(eventHubsSource({ transform, sink: world.sink, deadLetter: world.sendLetters })).toMatchObject({
    trigger: { type: 'eventHubTrigger', connection: 'EVENTS', eventHubName: '%EVENTS_HUB%', cardinality: 'many', dataType: 'binary' },
    retry: { strategy: 'exponentialBackoff', maxRetryCount: -1, minimumInterval: { seconds: 30 }, maximumInterval: { minutes: 15 } },
  });
});

test('a batch of nothing but what is of no interest writes nothing', async () => {
  const world = new World();
  expect(await world.deliver([good({ ...plain, type: 'skip' }, 0)], transform)).toBe('settled');
  expect([world.store.size, world.deadLetter.size]).toEqual([0, 0]);
});

function recordOf(bytes: Buffer, index: number): SourceRecord {
  return { bytes, arrived: new Date(0), position: { sequenceNumber: String(index) } };
}
