import { createHash } from 'node:crypto';
import type { Event, Row } from '../../../../shared/runtime/event';
import { ExactNumber, parse, stringify } from '../../../../shared/runtime/json';
import { isWellFormedJson } from '../../../../shared/runtime/text';
import { momentOf, utcOf } from '../../time';

/** The two interfaces of Firestore. */
export type Mode = 'native' | 'datastore';

/** A value in the JSON of one of the two APIs. */
export type Value = Readonly<Record<string, unknown>>;

/** A row as Firestore stores it: a document, or an entity. */
export interface Document {
  readonly id: string;
  readonly fields: Readonly<Record<string, Value>>;
}

/** The fields that the sink sets. CloudEvents allows no capital letter in a name, so no attribute of an event has such a name. */
const OWN = ['eventId', 'eventSource', 'eventTime', 'rowIndex', 'expiresAt'];

/** A document has at most 1 MiB, an entity 4 bytes less. This leaves room for its name and for the field that says when it expires. */
const DOCUMENT_BYTES = 1024 * 1024 - 2048;
const INDEXED_BYTES = 1500;
const NAME_BYTES = 1500;
const LEVELS = 20;

/**
 * One row as a document. Its id is a hash of the source and the id of the event, and the index of the row among the rows of the
 * event, so each row is stored once. Ids that count up would send all writes to one server.
 * @param lookUpBy the field by which rows are looked up
 * @throws Error on a row that Firestore cannot store as it is
 * @see https://cloud.google.com/firestore/quotas#limits
 */
export function documentOf(row: Row, event: Event, index: number, lookUpBy: string, mode: Mode): Document {
  const json = stringify(row);
  // Firestore stores valid Unicode only.
  if (!isWellFormedJson(json)) throw new Error('Firestore cannot store half of a surrogate pair');
  const own = parse(json) as Row;
  const taken = OWN.find((name) => Object.hasOwn(own, name));
  if (taken) throw new Error(`the row must not have ${taken}, which the store sets`);
  const fields: Row = { ...(lookUpBy === 'source' ? { source: event.source } : {}), ...own };
  if (Object.hasOwn(fields, lookUpBy)) requireKey(lookUpBy, fields[lookUpBy]);
  const bytes = bytesOf(fields);
  if (bytes > DOCUMENT_BYTES) throw new Error(`the row has about ${bytes} bytes, and Firestore stores at most 1 MiB`);
  const encode = encoder(mode);
  return {
    id: idOf(event, index),
    fields: {
      ...encode.members(fields, LEVELS, lookUpBy),
      eventId: encode.one({ stringValue: event.id }),
      eventSource: encode.one({ stringValue: event.source }),
      eventTime: encode.one({ timestampValue: timestampOf(event.time) }),
      rowIndex: encode.one({ integerValue: String(index) }),
    },
  };
}

/** The field with the time after which Firestore deletes a document. */
export function expiry(at: Date, mode: Mode): Readonly<Record<'expiresAt', Value>> {
  return { expiresAt: encoder(mode).one({ timestampValue: at.toISOString() }) };
}

/** No source has the character `|`, so two events never have the same id. */
function idOf({ source, id }: Event, index: number): string {
  return `${createHash('sha256').update(`${source}|${id}`).digest('hex')}-${index}`;
}

function requireKey(name: string, value: unknown) {
  if (typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= INDEXED_BYTES) return;
  throw new Error(`${name} must be a text of 1 to ${INDEXED_BYTES} bytes, or left out, because rows are looked up by it`);
}

/** A time in UTC, to the microsecond, which is the precision of Firestore. */
function timestampOf(time: string): string {
  const moment = momentOf(time);
  if (!moment) throw new Error('time must be a date that exists, from the year 1 to 9999');
  return utcOf(moment);
}

/**
 * Writes values in the JSON of one of the two APIs. In native mode, the database says what is indexed. In Datastore mode each value
 * says so itself, and a list never does.
 */
function encoder(mode: Mode) {
  const isEntity = mode === 'datastore';
  const one = (value: Value, indexed = false): Value => (isEntity && !indexed ? { ...value, excludeFromIndexes: true } : value);

  const members = (value: object, levels: number, indexed?: string): Record<string, Value> => {
    const entries = Object.entries(value).map(([name, member]) => {
      requireName(name);
      return [name, encode(member, levels, name === indexed)] as const;
    });
    return Object.fromEntries(entries);
  };

  function encode(value: unknown, levels: number, indexed = false): Value {
    if (Array.isArray(value)) {
      if (value.some(Array.isArray)) throw new Error('Firestore cannot store a list in a list: make the inner one an object or a text');
      requireLevel(levels);
      return { arrayValue: { values: value.map((item) => encode(item, levels - 1)) } };
    }
    if (isObject(value)) {
      requireLevel(levels);
      const inner = members(value, levels - 1);
      return one(isEntity ? { entityValue: { properties: inner } } : { mapValue: { fields: inner } });
    }
    return one(scalarOf(value), indexed);
  }

  return { one, members };
}

function requireLevel(levels: number) {
  if (levels === 0) throw new Error(`Firestore stores at most ${LEVELS} levels`);
}

function requireName(name: string) {
  if (name !== '' && Buffer.byteLength(name) <= NAME_BYTES && !/^__.*__$/s.test(name)) return;
  throw new Error(`Firestore stores names of 1 to ${NAME_BYTES} bytes, and none that starts and ends with two underscores`);
}

function scalarOf(value: unknown): Value {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { booleanValue: value };
  if (value === null) return { nullValue: null };
  if (typeof value === 'number' && !isInt64(value)) return { doubleValue: value };
  if (isInt64(value)) return { integerValue: String(BigInt(value)) };
  throw new Error(`Firestore cannot store the number ${String(value).slice(0, 50)} with all its digits: make it a text`);
}

function isInt64(value: unknown): value is number | bigint {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value;
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63;
}

/** Whether it is an object, and not a number with all its digits. */
function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof ExactNumber);
}

/**
 * The size of a value in a document.
 * @see https://cloud.google.com/firestore/docs/storage-size
 */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 1;
  if (typeof value === 'boolean' || value === null) return 1;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + bytesOf(item), 0);
  if (!isObject(value)) return 8;
  return Object.entries(value).reduce((sum, [name, member]) => sum + Buffer.byteLength(name) + 1 + bytesOf(member), 0);
}
