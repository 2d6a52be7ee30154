import type { Event, Row } from '../../../shared/runtime/event';
import { ExactNumber, parse, stringify } from '../../../shared/runtime/json';
import { isWellFormedJson } from '../../../shared/runtime/text';
import { rowKey, safe } from '../row-key';

/** A value of a property, with its type where JSON does not show it. */
export type Property = string | boolean | { readonly type: 'Double' | 'Int64'; readonly value: number | string };

/** A row as Table Storage takes it. */
export interface Entity {
  readonly partitionKey: string;
  readonly rowKey: string;
  readonly [field: string]: Property;
}

/** Fields that the store or its client sets. The client writes `timestamp` as `Timestamp`, which Table Storage replaces. */
const OWN = ['PartitionKey', 'RowKey', 'Timestamp', 'partitionKey', 'rowKey', 'timestamp', 'etag'];

const ENTITY_BYTES = 1024 * 1024;
const KEY_CHARACTERS = 1024;
/** A text has at most 64 KiB in UTF-16. */
const TEXT_CHARACTERS = 32 * 1024;
/** 255 properties, without the two keys and the time of the last change. */
const PROPERTIES = 252;
const NAME = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]{0,254}$/u;
const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;

/**
 * One row as an entity. Its partition key is the value of the field by which rows are looked up, its row key is the key of its event
 * and its index among the rows of the event, so that each row is stored once.
 *
 * A number is a Double, so that all numbers of a field have one type; a whole number that a double cannot represent is an Int64.
 * Objects and lists are JSON texts. Table Storage has no null, so a field that is null is left out.
 * @param lookUpBy the field by which rows are looked up
 * @throws Error on a row that Table Storage cannot store as it is
 * @see https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
 */
export function tableEntity(row: Row, event: Event, index: number, lookUpBy: string): Entity {
  const json = stringify(row);
  // Table Storage would store U+FFFD instead.
  if (!isWellFormedJson(json)) throw new Error('Table Storage cannot store half of a surrogate pair');
  const given = Object.entries(parse(json) as Row).filter(([, value]) => value !== null);
  const taken = given.find(([name]) => OWN.includes(name));
  if (taken) throw new Error(`the row must not have ${taken[0]}, which the store sets. Take another name`);
  if (given.length > PROPERTIES) throw new Error(`the row has ${given.length} fields, and Table Storage stores at most ${PROPERTIES}`);
  const fields = Object.fromEntries(given.map(([name, value]) => [name, propertyOf(name, value)]));
  const keys = { partitionKey: partitionKey(lookUpBy, fields[lookUpBy] ?? (lookUpBy === 'source' ? event.source : undefined)) };
  const entity = { ...keys, rowKey: rowKey(event, index), ...fields };
  if (entity.rowKey.length > KEY_CHARACTERS)
    throw new Error(
      `the source and the id of the event take ${entity.rowKey.length} characters, and Table Storage takes at most ${KEY_CHARACTERS}`,
    );
  const bytes = bytesOf(entity);
  if (bytes > ENTITY_BYTES) throw new Error(`the row has ${bytes} bytes, and Table Storage stores at most 1 MiB`);
  return entity;
}

function partitionKey(lookUpBy: string, value: unknown): string {
  const key = typeof value === 'string' ? safe(value) : '';
  if (key !== '' && key.length <= KEY_CHARACTERS) return key;
  throw new Error(`${lookUpBy} must be a text of 1 to ${KEY_CHARACTERS} characters, because rows are looked up by it`);
}

function propertyOf(name: string, value: unknown): Property {
  if (!NAME.test(name))
    throw new Error(`Table Storage takes no field with the name ${name.slice(0, 50)}: use letters, digits and underscores`);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return { type: 'Double', value };
  if (typeof value === 'bigint' && value >= INT64[0] && value <= INT64[1]) return { type: 'Int64', value: String(value) };
  if (typeof value === 'bigint' || value instanceof ExactNumber)
    throw new Error(`Table Storage cannot store the number ${String(value).slice(0, 50)} with all its digits: make it a text`);
  const text = typeof value === 'string' ? value : stringify(value);
  if (text.length > TEXT_CHARACTERS)
    throw new Error(`${name} has ${text.length} characters, and Table Storage stores at most ${TEXT_CHARACTERS} in a field`);
  return text;
}

/** @see https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#property-limitations */
function bytesOf({ partitionKey, rowKey, ...fields }: Entity): number {
  return Object.entries(fields).reduce(
    (sum, [name, value]) => sum + 8 + 2 * name.length + sizeOf(value),
    4 + 2 * (partitionKey.length + rowKey.length),
  );
}

function sizeOf(value: Property): number {
  if (typeof value === 'string') return 4 + 2 * value.length;
  return typeof value === 'boolean' ? 1 : 8;
}
