import type { Lot, Made, Refusal, Sink, SourceRecord } from './sink';
import { inOneLine } from './verdict';

/**
 * Write rows as one lot. A lot that is too large to build is written in halves. If one record is too large, it is refused.
 * @param lotOf names a lot after the records that have rows in it
 */
export async function writeLot<Stored>(
  sink: Sink<Stored>,
  lotOf: (made: readonly Made<Stored>[]) => Lot<Stored>,
  made: readonly Made<Stored>[],
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  try {
    return await sink.write(lotOf(made), signal);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const [first, ...others] = recordsOf(made);
    if (others.length === 0) return [{ record: first!, reason: inOneLine(error) }];
    const half = new Set(others.slice(Math.floor(others.length / 2)));
    const [kept, rest] = [made.filter(({ record }) => !half.has(record)), made.filter(({ record }) => half.has(record))];
    return [...(await writeLot(sink, lotOf, kept, signal)), ...(await writeLot(sink, lotOf, rest, signal))];
  }
}

/** The records that have rows, in order. The rows of a record are next to each other. */
export function recordsOf(made: readonly Made<unknown>[]): SourceRecord[] {
  return made.map(({ record }) => record).filter((record, index) => record !== made[index - 1]?.record);
}
