import type { Event, Row } from './event';

/** A record as a source hands it over. */
export interface SourceRecord {
  /** What the sender sent. */
  readonly bytes: Buffer;
  /** When the buffer took it: the same at every try. */
  readonly arrived: Date;
  /** Where it stands in the buffer, so that it can be found and counted once. */
  readonly position: Readonly<Record<string, string | number>>;
}

/** One thing to store, and the record that it was made from. */
export interface Made<Stored> {
  readonly stored: Stored;
  readonly record: SourceRecord;
}

/**
 * What is written at once, and comes again as it is until it is written: a part of a batch of a stream, or what one message
 * of a queue gave. A source never puts together what could come again apart.
 */
export interface Lot<Stored> {
  /** Made from positions: the same at every try, and the name of no other lot that could reach the same store. */
  readonly name: string;
  /** When its first record arrived. All of them arrived within the same hour. */
  readonly arrived: Date;
  readonly made: readonly Made<Stored>[];
}

/** A record that the store will never take, and why. */
export interface Refusal {
  readonly record: SourceRecord;
  readonly reason: string;
}

/** Where rows go: one store, as a handler writes to it. */
export interface Sink<Stored> {
  /**
   * Turn one row into what the store takes.
   * @throws Error on a row that the store can never take: its event goes to the dead letter
   */
  encode(row: Row, event: Event, index: number): Stored;
  /**
   * Write a lot. The same lot again changes nothing.
   * @returns the records that the store will never take; all others of the lot are written
   * @throws RangeError when the lot is too large to be built: a source may bring it in parts
   * @throws Error when the store cannot be reached: the lot comes again
   */
  write(lot: Lot<Stored>, signal?: AbortSignal): Promise<readonly Refusal[]>;
}
