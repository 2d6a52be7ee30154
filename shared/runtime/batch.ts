import type { Transform } from './event';
import type { Made, Refusal, Sink, SourceRecord } from './sink';
import { judge } from './verdict';

/** What is to become of the records of a batch. */
export interface Sorted<Stored> {
  /** What is to be stored, by the hour in which its records arrived. No hour is empty. */
  readonly hours: readonly (readonly Made<Stored>[])[];
  /** What can never be processed. */
  readonly refusals: readonly Refusal[];
}

/**
 * Decide about each record of a batch, and group what is to be stored by the hour in which its record arrived.
 *
 * The hour of arrival, not of the event's own time: it is the same at every try, and a late event does not make a lot of
 * its own.
 */
export function sortBatch<Stored>(records: readonly SourceRecord[], transform: Transform, sink: Sink<Stored>): Sorted<Stored> {
  const hours = new Map<number, Made<Stored>[]>();
  const refusals: Refusal[] = [];
  const encode: Sink<Stored>['encode'] = (row, event, index) => sink.encode(row, event, index);
  for (const record of records) {
    const verdict = judge(record.bytes, transform, encode);
    if ('reason' in verdict) {
      refusals.push({ record, reason: verdict.reason });
    } else if (verdict.rows.length > 0) {
      const number = Math.floor(record.arrived.getTime() / 3_600_000);
      const made = hours.get(number) ?? [];
      if (made.length === 0) hours.set(number, made);
      // One by one: an event can make more rows than a call takes arguments.
      for (const stored of verdict.rows) made.push({ stored, record });
    }
  }
  return { hours: [...hours.values()], refusals };
}
