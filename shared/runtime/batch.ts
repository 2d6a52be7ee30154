import type { Made, Refusal, SourceRecord } from './sink';
import type { Verdict } from './verdict';

/** The records of a batch that arrived within one hour. */
export interface Hour<Stored> {
  readonly records: readonly SourceRecord[];
  /** What to store of them, in order. May be empty. */
  readonly made: readonly Made<Stored>[];
}

/** The records of a batch: those to store, and those for the dead letter. */
export interface Sorted<Stored> {
  readonly hours: readonly Hour<Stored>[];
  /** Records that can never be processed. */
  readonly refusals: readonly Refusal[];
}

/**
 * Group the records of a batch, and what to store of them, by the hour of arrival.
 *
 * The hour of arrival is used, not the `time` of the event: it is the same at every retry, and a late event does not get an
 * object of its own.
 * @param verdictOf decides what happens to one record
 */
export function sortBatch<Stored>(
  records: readonly SourceRecord[],
  verdictOf: (record: SourceRecord, index: number) => Verdict<Stored>,
): Sorted<Stored> {
  const hours = new Map<number, { readonly records: SourceRecord[]; readonly made: Made<Stored>[] }>();
  const refusals: Refusal[] = [];
  records.forEach((record, index) => {
    const number = Math.floor(record.arrived.getTime() / 3_600_000);
    const hour = hours.get(number) ?? { records: [], made: [] };
    if (hour.records.length === 0) hours.set(number, hour);
    hour.records.push(record);
    const verdict = verdictOf(record, index);
    if ('reason' in verdict) refusals.push({ record, reason: verdict.reason });
    // One by one: an event can make more rows than a call takes arguments.
    else for (const stored of verdict.rows) hour.made.push({ stored, record });
  });
  return { hours: [...hours.values()], refusals };
}
