import type { Event, Row } from '../../../../shared/runtime/event';
import { parse, stringify } from '../../../../shared/runtime/json';
import { isWellFormed } from '../../../../shared/runtime/text';
import { type Moment, momentOf, utcOf } from '../../time';

/** A 64-bit integer in two halves: a `number` has too few digits for the microseconds of late years. */
export interface Int64 {
  readonly low: number;
  readonly high: number;
}

/** One cell, as the Bigtable API spells it. */
export interface Cell {
  readonly familyName: string;
  readonly columnQualifier: Buffer;
  /** Microseconds since 1970, in whole milliseconds. */
  readonly timestampMicros: Int64;
  readonly value: Buffer;
}

/** One row to write, as the Bigtable API spells it: either all of its cells are written, or none. */
export interface WideRow {
  readonly rowKey: Buffer;
  readonly mutations: readonly { readonly setCell: Cell }[];
}

/** The columns that the sink sets. CloudEvents allows no capital letter in a name, so no attribute of an event has such a name. */
const OWN = ['eventId', 'eventSource', 'eventTime', 'rowIndex'];

/** The limits of Bigtable for a row. Of a cell, it is what Google advises, and more than Pub/Sub delivers. @see https://cloud.google.com/bigtable/quotas */
const [KEY_BYTES, QUALIFIER_BYTES, CELL_BYTES, CELLS] = [4096, 16 * 1024, 10 * 1024 * 1024, 100_000];

/**
 * One row of an event as a row of Bigtable. Its key is `source|time|id|index`: the source and the id of the event, its time in UTC
 * to the microsecond, and the index of the row among the rows of the event. Each field of the row is a cell in the column of the
 * same name. The value of a cell is the JSON text of the field, with all digits of its numbers.
 *
 * All cells have the time of the event as their timestamp, so that a retry writes the same cells again.
 * @throws Error on a row that Bigtable cannot store as it is
 */
export function wideRowOf(row: Row, event: Event, index: number, familyName: string): WideRow {
  const fields = parse(stringify(row)) as Row;
  const taken = OWN.find((name) => Object.hasOwn(fields, name));
  if (taken) throw new Error(`the row must not have ${taken}, which the store sets`);
  const columns = { ...fields, eventId: event.id, eventSource: event.source, eventTime: event.time, rowIndex: index };
  const names = Object.keys(columns);
  if (names.length > CELLS) throw new Error(`the row has ${names.length} fields, and Bigtable writes at most ${CELLS} cells at once`);
  const moment = momentOf(event.time);
  if (!moment) throw new Error('time must be a date that exists, from the year 1 to 9999');
  const timestampMicros = timestampOf(moment);
  return {
    rowKey: keyOf(event, moment, index),
    mutations: names.map((name) => {
      const value = Buffer.from(stringify(columns[name as keyof typeof columns]));
      if (value.length > CELL_BYTES) throw new Error(`a field has ${value.length} bytes, and a cell should have at most ${CELL_BYTES}`);
      return { setCell: { familyName, columnQualifier: qualifierOf(name), timestampMicros, value } };
    }),
  };
}

/**
 * No source has the character `|`, the time has a fixed length, and an index is digits. So two rows never have the same key.
 *
 * Keys that start with a time, or with ids that count up, would send all writes to one node.
 */
function keyOf({ source, id }: Event, moment: Moment, index: number): Buffer {
  // UTF-8 replaces it, so that two different ids would have the same key.
  if (!isWellFormed(id)) throw new Error('a key of Bigtable cannot hold half of a surrogate pair, which the id has');
  const key = Buffer.from(`${source}|${utcOf(moment)}|${id}|${index}`);
  if (key.length > KEY_BYTES) throw new Error(`the key has ${key.length} bytes, and Bigtable stores at most ${KEY_BYTES}`);
  return key;
}

/** The time of an event as the timestamp of its cells. Bigtable has milliseconds, and no time before 1970. */
function timestampOf({ milliseconds }: Moment): Int64 {
  if (milliseconds < 0) throw new Error('Bigtable stores no cell with a time before 1970, which the event has');
  const microseconds = BigInt(milliseconds) * 1000n;
  return { low: Number(BigInt.asIntN(32, microseconds)), high: Number(microseconds >> 32n) };
}

function qualifierOf(name: string): Buffer {
  const qualifier = Buffer.from(name);
  if (isWellFormed(name) && qualifier.length <= QUALIFIER_BYTES) return qualifier;
  throw new Error(`Bigtable stores names of columns with at most ${QUALIFIER_BYTES} bytes, and none with half of a surrogate pair`);
}
