import fc from 'fast-check';
import type { Row } from '../../shared/runtime/event';
import type { Lot, Made, Sink } from '../../shared/runtime/sink';
import { anEvent } from './events';
import type { Fault } from './faults';
import { ARRIVAL, bytesOf, eventOf } from './settling';

/** A sink with its real client, in front of a stand-in on this machine. */
export interface SinkUnderTest<Stored> {
  readonly sink: Sink<Stored>;
  /** What the store holds, in a form that changes when anything changes. */
  contents(): Promise<unknown>;
  /** How many rows the store holds. */
  count(): Promise<number>;
  /** How every call goes from here on. */
  set(fault: Fault): void;
  /** Take out all that the store holds. */
  clear(): Promise<void>;
}

let lots = 0;

/** A lot of one record for each event, with these rows. */
export function lotOf<Stored>(
  sink: Sink<Stored>,
  events: readonly { event: ReturnType<typeof eventOf>; rows?: readonly Row[] }[],
): Lot<Stored> {
  const made = events.flatMap(({ event, rows = [event] }, place): Made<Stored>[] => {
    const record = { bytes: bytesOf(event), arrived: ARRIVAL, position: { place } };
    return rows.map((row, index) => ({ stored: sink.encode(row, event, index), record }));
  });
  return { name: `lot-${lots++}`, arrived: ARRIVAL, made };
}

/** Prove what sources rely on: the same lot again changes nothing, and a lot that was not written as a whole is a fault. */
export function writesEachLotOnce<Stored>(open: () => SinkUnderTest<Stored>) {
  const some = () => lotOf(open().sink, [{ event: eventOf('1') }, { event: eventOf('2'), rows: [{ part: 1 }, { part: 2 }] }]);

  test('the same lot again changes nothing', async () => {
    const { sink, contents, count, clear } = open();
    await clear();
    const lot = some();
    expect(await sink.write(lot)).toEqual([]);
    const before = await contents();
    expect(await count()).toBe(3);
    expect(await sink.write(lot)).toEqual([]);
    expect(await contents()).toEqual(before);
  });

  test.each<Fault>(['before', 'after'])('a call that fails %s it took effect fails the lot, which can be written again', async (fault) => {
    const { sink, count, set, clear } = open();
    await clear();
    const lot = some();
    set(fault);
    await expect(sink.write(lot)).rejects.toThrow();
    set('none');
    expect(await sink.write(lot)).toEqual([]);
    expect(await count()).toBe(3);
  });

  test('a lot is not begun once the time of the call is over', async () => {
    const { sink, count, clear } = open();
    await clear();
    await expect(sink.write(some(), AbortSignal.abort())).rejects.toThrow();
    expect(await count()).toBe(0);
  });

  test(
    'whatever the contract lets through is stored, or refused before it is written',
    () =>
      fc.assert(
        fc.asyncProperty(fc.uniqueArray(anEvent, { maxLength: 8, selector: ({ source, id }) => `${source} ${id}` }), async (events) => {
          const { sink, count, clear } = open();
          await clear();
          const taken = events.filter((event) => {
            try {
              return sink.encode(event, event, 0) !== undefined;
            } catch {
              return false;
            }
          });
          if (taken.length === 0) return;
          expect(
            await sink.write(
              lotOf(
                sink,
                taken.map((event) => ({ event })),
              ),
            ),
          ).toEqual([]);
          expect(await count()).toBe(taken.length);
        }),
        { numRuns: 30 },
      ),
    30_000,
  );
}
