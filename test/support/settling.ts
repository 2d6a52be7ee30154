import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { type Event, PermanentError, type Row, type Transform } from '../../shared/runtime/event';
import { stringify } from '../../shared/runtime/json';
import type { Lot, Sink } from '../../shared/runtime/sink';
import type { DeadLetter } from '../../shared/runtime/verdict';
import { type Fault, faulty } from './faults';

/** 2026-01-31T08:30:00Z */
export const ARRIVAL = new Date('2026-01-31T08:30:00Z');

export const eventOf = (id: string, extra: object = {}): Event => ({
  specversion: '1.0',
  id,
  source: '/test',
  type: 'row',
  time: '2026-01-31T08:29:59Z',
  ...extra,
});

export const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));

/** What was sent, when it arrived, and on which of two ways that know nothing of each other. */
export interface Sent {
  readonly bytes: Buffer;
  readonly arrived: Date;
  readonly lane: 0 | 1;
}

/** What a source hands over to. */
export interface Ends {
  readonly transform: Transform;
  readonly sink: Sink<string>;
  readonly deadLetter: (letters: readonly DeadLetter[]) => Promise<void>;
}

/** A source, called as its cloud calls it: again after a fault, a bounded number of times. */
export interface SourceUnderTest {
  /** How many faults it gets over, whatever they hit. */
  readonly retries: number;
  /** @returns for each record its position, and whether the platform gave it up after its last try */
  deliver(sent: readonly Sent[], ends: Ends, batchSize: number): Promise<readonly Delivered[]>;
}

export interface Delivered {
  readonly position: DeadLetter['position'];
  readonly givenUp: boolean;
}

/** A store in memory that keeps the last lot of each name, and the dead letters. Rows with `refused` in them it never takes. */
export function modelEnds({ transform = (event) => event, fault = () => 'none' }: { transform?: Transform; fault?: () => Fault } = {}) {
  const lots = new Map<string, Lot<string>>();
  const letters: DeadLetter[] = [];
  const call = faulty(fault);
  const isRefused = ({ stored }: { stored: string }) => stored.includes('"refused"');
  const sink: Sink<string> = {
    encode: stringify,
    async write(lot) {
      await call(() => lots.set(lot.name, { ...lot, made: lot.made.filter((made) => !isRefused(made)) }));
      const refused = new Set(lot.made.filter(isRefused).map(({ record }) => record));
      return [...refused].map((record) => ({ record, reason: 'the store never takes it' }));
    },
  };
  const deadLetter = async (sent: readonly DeadLetter[]) => {
    for (const letter of sent) await call(() => letters.push(letter));
  };
  /** All rows of the store. */
  const rows = () => [...lots.values()].flatMap(({ made }) => made).map(({ stored }): Row => JSON.parse(stored));
  return { ends: { transform, sink, deadLetter } satisfies Ends, lots, letters, rows };
}

/** The bytes that a dead letter holds. */
export function payloadOf({ payload, encoding }: DeadLetter): Buffer {
  return Buffer.from(payload, encoding === 'text' ? 'utf8' : 'base64');
}

/** Every kind of record: what it is made of, and how many rows the store should have of it. None at all means the dead letter. */
export const KINDS: Record<string, { bytes: (id: string) => Buffer; rows?: number }> = {
  row: { bytes: (id) => bytesOf(eventOf(id)), rows: 1 },
  rows: { bytes: (id) => bytesOf(eventOf(id, { type: 'rows' })), rows: 3 },
  nothing: { bytes: (id) => bytesOf(eventOf(id, { type: 'nothing' })), rows: 0 },
  'no rows': { bytes: (id) => bytesOf(eventOf(id, { type: 'no rows' })), rows: 0 },
  late: { bytes: (id) => bytesOf(eventOf(id, { time: '1999-12-31T23:59:59Z' })), rows: 1 },
  permanent: { bytes: (id) => bytesOf(eventOf(id, { type: 'permanent' })) },
  refused: { bytes: (id) => bytesOf(eventOf(id, { type: 'refused' })) },
  bug: { bytes: (id) => bytesOf(eventOf(id, { type: 'bug' })) },
  number: { bytes: (id) => bytesOf(eventOf(id, { type: 'number' })) },
  circle: { bytes: (id) => bytesOf(eventOf(id, { type: 'circle' })) },
  unprintable: { bytes: (id) => bytesOf(eventOf(id, { type: 'unprintable' })) },
  'bad contract': { bytes: (id) => bytesOf({ ...eventOf(id), time: 'today' }) },
  'bad JSON': { bytes: (id) => Buffer.from(`{"id":"${id}"`) },
  'bad UTF-8': { bytes: (id) => Buffer.concat([Buffer.from(`"${id}`), Buffer.from([0xff, 0x22])]) },
  empty: { bytes: () => Buffer.alloc(0) },
};

/** Makes of each kind of event what it says. */
export function transformOfKinds(event: Event): Row | readonly Row[] | undefined {
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

/**
 * Prove of a source that each accepted event ends exactly once, in the store or in the dead letter, whatever fails.
 * @param binary whether a record may hold bytes that are no text
 * @param empty whether a record may have no bytes at all
 */
export function settlesEachEventOnce(
  source: SourceUnderTest,
  { binary, empty = true }: { readonly binary: boolean; readonly empty?: boolean },
) {
  const kinds = Object.keys(KINDS).filter((kind) => (binary || kind !== 'bad UTF-8') && (empty || kind !== 'empty'));
  const arrivals = fc.record({
    kind: fc.constantFrom(...kinds),
    lane: fc.constantFrom<0 | 1>(0, 1),
    hoursLater: fc.nat(2),
  });
  const faults = (maxLength: number) => fc.array(fc.constantFrom<Fault>('none', 'before', 'after'), { maxLength });
  type Arrival = { readonly kind: string; readonly lane: 0 | 1; readonly hoursLater: number };

  /** Sends all records through, and says of each how often it is where. */
  async function run(arrived: readonly Arrival[], planned: readonly Fault[], batchSize: number) {
    const left = [...planned];
    const { ends, rows, letters } = modelEnds({ transform: transformOfKinds, fault: () => left.shift() ?? 'none' });
    const sent = arrived.map(({ kind, lane, hoursLater }, place) => ({
      bytes: KINDS[kind]!.bytes(`event-${place}`),
      arrived: new Date(ARRIVAL.getTime() + hoursLater * 3_600_000),
      lane,
    }));
    const delivered = await source.deliver(sent, ends, batchSize);
    const stored = rows();
    return arrived.map(({ kind }, place) => {
      const { position, givenUp } = delivered[place]!;
      const mine = letters.filter((letter) => isDeepStrictEqual(letter.position, position));
      return {
        kind,
        expected: KINDS[kind]!.rows,
        stored: stored.filter((row) => row.id === `event-${place}`).length,
        // A message cannot be replaced, so one that is sent again lies there twice. Its position tells.
        dead: new Set(mine.map((letter) => JSON.stringify(letter))).size,
        intact: mine.every((letter) => payloadOf(letter).equals(sent[place]!.bytes)),
        givenUp,
      };
    });
  }

  describe('each event ends exactly once, in the store or in the dead letter', () => {
    test('whatever fails, as long as the platform may try again', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(arrivals, { maxLength: 30 }),
          faults(source.retries),
          fc.integer({ min: 1, max: 30 }),
          async (arrived, planned, batchSize) => {
            for (const { expected, ...found } of await run(arrived, planned, batchSize)) {
              const wanted = expected === undefined ? { stored: 0, dead: 1 } : { stored: expected, dead: 0 };
              expect(found).toEqual({ kind: found.kind, ...wanted, intact: true, givenUp: false });
            }
          },
        ),
      ));

    test('nothing is lost when the platform gives up, and nothing is stored twice', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(arrivals, { maxLength: 12 }),
          faults(12 * source.retries),
          fc.integer({ min: 1, max: 12 }),
          async (arrived, planned, batchSize) => {
            for (const { kind, expected, stored, dead, intact, givenUp } of await run(arrived, planned, batchSize)) {
              const settled = expected === undefined ? dead === 1 && stored === 0 : stored === expected && dead === 0;
              expect({ kind, ends: settled || givenUp, atMost: stored <= (expected ?? 0) && dead <= 1, intact }).toEqual({
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
}
