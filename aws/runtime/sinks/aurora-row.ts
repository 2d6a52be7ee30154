import { createHash } from 'node:crypto';
import type { Event, Row } from '../../../shared/runtime/event';
import { stringify } from '../../../shared/runtime/json';
import { utcOf } from '../event-time';

/** The columns that an insert fills, with the type of each in JSON. `event_key` is in hexadecimal. */
export const COLUMNS = {
  event_key: 'text',
  event_source: 'text',
  event_id: 'text',
  event_type: 'text',
  event_time: 'timestamptz',
  row_index: 'int',
  subject: 'text',
  data: 'jsonb',
  rest: 'jsonb',
} as const;

/** `\u0000` or half of a surrogate pair, after an even number of backslashes. A whole pair is not escaped. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/**
 * One row of the table as JSON. Fields without a column are stored in `rest`.
 * @throws Error on a value that PostgreSQL cannot store
 */
export function auroraRow(row: Row, event: Event, index: number): string {
  const { subject, data, ...others } = row;
  const rest = Object.entries(others).filter(([name, value]) => value !== undefined && !hasColumn(name, value, event));
  if (typeof subject !== 'string' && subject !== undefined) rest.push(['subject', subject]);
  const columns: Record<keyof typeof COLUMNS, unknown> = {
    event_key: keyOf(event, index),
    event_source: event.source,
    event_id: event.id,
    event_type: event.type,
    event_time: timestampOf(event.time),
    row_index: index,
    subject: typeof subject === 'string' ? subject : undefined,
    data,
    rest: rest.length > 0 ? Object.fromEntries(rest) : undefined,
  };
  const json = stringify(columns);
  if (UNSTORABLE.test(json)) throw new Error('PostgreSQL cannot store the character U+0000 or half of a surrogate pair');
  return json;
}

/** A key of 32 bytes, because an index entry is smaller than the longest `source` and `id` that the contract allows. */
function keyOf({ source, id }: Event, index: number): string {
  return createHash('sha256').update(`${source}\0${id}\0${index}`).digest('hex');
}

/** Whether a column of the event already has exactly this value. */
function hasColumn(name: string, value: unknown, event: Event): boolean {
  if (!['specversion', 'id', 'source', 'type', 'time'].includes(name) || value !== event[name]) return false;
  return name !== 'time' || /:\d\d(\.\d{1,6})?Z$/.test(event.time);
}

/** A time in UTC, because PostgreSQL refuses an offset of 16 hours or more. Digits after the microseconds are cut off. */
function timestampOf(time: string): string {
  const { second, fraction } = utcOf('event_time', time);
  return `${second}.${fraction.slice(0, 6)}Z`;
}
