import type { Made, Refusal, SourceRecord } from './sink';
import type { Verdict } from './verdict';

/** The records of a batch that arrived within one hour. */
export interface Hour<Stored> {
  readonly records: readonly SourceRecord[];
  /** What is to be stored of them, in their order. It may be nothing. */
  readonly made: readonly Made<Stored>[];
}

/** What is to become of the records of a batch. */
export interface Sorted<Stored> {
  readonly hours: readonly Hour<Stored>[];
  /** What can never be processed. */
  readonly refusals: readonly Refusal[];
}

/**
 * Group the records of a batch, and what is to be stored of them, by the hour in which they arrived.
 *
 * The hour of arrival, not of the event's own time: it is the same at every try, and a late event does not make a lot of
 * its own.
 * @param verdictOf what is to become of one record
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
