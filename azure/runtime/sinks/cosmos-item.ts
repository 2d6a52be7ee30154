import type { Event, Row } from '../../../shared/runtime/event';
import { ExactNumber, parse, stringify } from '../../../shared/runtime/json';
import { isWellFormedJson } from '../../../shared/runtime/text';
import { rowKey } from '../row-key';

/** A row as Cosmos DB takes it. */
export interface Item {
  readonly id: string;
  readonly eventId: string;
  readonly [field: string]: unknown;
}

/** Fields that the store sets, and that Cosmos DB sets or interprets itself. */
const OWN = ['eventId', 'ttl', '_rid', '_self', '_etag', '_attachments', '_ts', '_lsn'];

/** An item has at most 2 MB. Cosmos DB adds fields of its own. */
const ITEM_BYTES = 2 * 1024 * 1024 - 1024;
const ID_BYTES = 1023;
const KEY_BYTES = 1000;
const LEVELS = 128;

/**
 * One row as an item. Its `id` is the key of its event and its index among the rows of the event, so that each row is stored once.
 * Cosmos DB uses the name `id` for that, so the id of the event is in `eventId`.
 * @param lookUpBy the field by which rows are looked up
 * @throws Error on a row that Cosmos DB cannot store as it is
 * @see https://learn.microsoft.com/azure/cosmos-db/concepts-limits#per-item-limits
 */
export function cosmosItem(row: Row, event: Event, index: number, lookUpBy: string): Item {
  const json = stringify(row);
  // Cosmos DB would store U+FFFD instead.
  if (!isWellFormedJson(json)) throw new Error('Cosmos DB cannot store half of a surrogate pair');
  const { id: own, ...fields } = parse(json) as Row;
  if (own !== undefined && own !== event.id)
    throw new Error('the row must not have an id of its own: the store sets it. Take another name');
  const taken = OWN.find((name) => Object.hasOwn(fields, name));
  if (taken) throw new Error(`the row must not have ${taken}, which the store sets`);
  requireStorable(fields, LEVELS);
  const id = rowKey(event, index);
  if (id.length > ID_BYTES)
    throw new Error(`the source and the id of the event take ${id.length} bytes, and Cosmos DB takes at most ${ID_BYTES}`);
  const item = { ...(lookUpBy === 'source' ? { source: event.source } : {}), ...fields, id, eventId: event.id };
  requireKey(lookUpBy, (item as Row)[lookUpBy]);
  const bytes = Buffer.byteLength(JSON.stringify(item));
  if (bytes > ITEM_BYTES) throw new Error(`the row has ${bytes} bytes, and Cosmos DB stores at most 2 MB`);
  return item;
}

function requireKey(name: string, value: unknown) {
  if (typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= KEY_BYTES) return;
  throw new Error(`${name} must be a text of 1 to ${KEY_BYTES} bytes, because rows are looked up by it`);
}

/** Cosmos DB stores numbers as doubles. */
function requireStorable(value: unknown, levels: number): void {
  if (typeof value === 'bigint' || value instanceof ExactNumber) {
    throw new Error(`Cosmos DB cannot store the number ${String(value).slice(0, 50)} with all its digits: make it a text`);
  }
  if (typeof value !== 'object' || value === null) return;
  if (levels === 0) throw new Error(`Cosmos DB stores at most ${LEVELS} levels`);
  for (const inner of Object.values(value)) requireStorable(inner, levels - 1);
}
