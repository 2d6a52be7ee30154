import type { Event, Row } from './event';

/** A record that a source has read. */
export interface SourceRecord {
  /** The payload, as the sender sent it. */
  readonly bytes: Buffer;
  /** When the buffer accepted it: the same at every retry. */
  readonly arrived: Date;
  /** Its position in the buffer, so that it can be found and counted once. */
  readonly position: Readonly<Record<string, string | number>>;
}

/** One thing to store, and the record that it was made from. */
export interface Made<Stored> {
  readonly stored: Stored;
  readonly record: SourceRecord;
}

/**
 * Rows that are written together, and retried unchanged until they are written: a part of a batch of a stream, or the rows of one
 * message of a queue. A source never combines records that could be redelivered separately.
 */
export interface Lot<Stored> {
  /** Derived from positions: the same at every retry, and unique among all lots that are written to the same store. */
  readonly name: string;
  /** When its first record arrived. All of them arrived within the same hour. */
  readonly arrived: Date;
  readonly made: readonly Made<Stored>[];
}

/** A record that the store will never accept, and the reason. */
export interface Refusal {
  readonly record: SourceRecord;
  readonly reason: string;
}

/** A store that a handler writes rows to. */
export interface Sink<Stored> {
  /**
   * Turn one row into the format of the store.
   * @throws Error on a row that the store can never accept: its event goes to the dead letter
   */
  encode(row: Row, event: Event, index: number): Stored;
  /**
   * Write a lot. It is idempotent: writing the same lot again changes nothing.
   * @returns the records that the store will never accept; all others of the lot are written
   * @throws RangeError when the lot is too large: a source may split it and write the parts
   * @throws Error when the store cannot be reached: the lot is retried
   */
  write(lot: Lot<Stored>, signal?: AbortSignal): Promise<readonly Refusal[]>;
}
