import { createHash } from 'node:crypto';
import { type Event, PermanentError } from '../../../../shared/runtime/event';
import { stringify } from '../../../../shared/runtime/json';
import { type Moment, momentOf } from '../../time';
import { type Column, type EventRow, fitRows, type Origin, type TableRow } from './table-row';

/** What BigQuery does with a row: it replaces the row with the same key, or deletes it. */
const TYPE = '_CHANGE_TYPE';
/** Which of several changes of a key stays: the one with the highest number, in whatever order they come. */
const ORDER = '_CHANGE_SEQUENCE_NUMBER';

/** How far ahead of its message an event may be, in milliseconds. Until then it hides each row with the same key. */
const AHEAD = 24 * 3_600_000;
/** The year 1, before which there is no event. Sections of a sequence number have no sign. */
const FIRST = -62_135_596_800_000;
const SECTION_DIGITS = 16;

interface Change extends EventRow {
  readonly type: 'UPSERT' | 'DELETE';
}

/**
 * Convert the rows of one event into changes of the rows with the same key. A row with `_CHANGE_TYPE: 'DELETE'` deletes: of it only the
 * key is sent, and the columns of its event. The transform decides that, and not whoever sends the event.
 * @param key the columns of the primary key
 * @throws PermanentError if a row has no value for a column of the key, if `_CHANGE_TYPE` is in the data of the event, if a value does not
 * fit its column, if the event is from the future, or if the rows are too large for one request
 * @see https://cloud.google.com/bigquery/docs/change-data-capture
 */
export function fitChanges(made: readonly EventRow[], origin: Origin, columns: readonly Column[], key: readonly string[]): TableRow[] {
  const changes = made.map((one): Change => ({ ...one, ...changeOf(one, key) }));
  const isText = columns.some(({ name, type }) => name === 'subject' && type === 'STRING');
  return fitRows(changes, origin, columns, {
    requireTime: requireNotAhead,
    complete: (fitted, change) => {
      const missing = key.filter((column) => fitted[column] === undefined);
      const [without] = missing.filter((column) => column !== 'subject' || !isText);
      if (without !== undefined) throw new PermanentError(`the row has no value for ${without}, which is in the key`);
      // An event without a subject is about its source.
      const about: TableRow = missing.length > 0 ? { subject: '' } : {};
      return { ...fitted, ...about, [TYPE]: change.type, [ORDER]: sequenceOf(change, origin) };
    },
  });
}

/** What a row does, and what of it is sent. */
function changeOf({ row: whole, event }: EventRow, key: readonly string[]): Pick<Change, 'type' | 'row'> {
  const { [TYPE]: type = 'UPSERT', ...row } = whole;
  if (Object.hasOwn(whole, TYPE)) requireOwnDecision(event);
  if (type === 'UPSERT') return { type, row };
  if (type !== 'DELETE') throw new PermanentError(`${TYPE} must be UPSERT or DELETE, got ${String(type).slice(0, 50)}`);
  return { type, row: Object.fromEntries(key.filter((column) => Object.hasOwn(row, column)).map((column) => [column, row[column]])) };
}

/**
 * Refuse what a transform may have copied from the event. A text counts too, because it may have JSON in it.
 * @throws PermanentError
 */
function requireOwnDecision({ data }: Event) {
  if (data === undefined || !stringify(data).includes(TYPE)) return;
  throw new PermanentError(`data has ${TYPE}, which only the transform may decide: name the fields that it copies into a row`);
}

/**
 * The place of a change among all changes of its key: by the time of its event, then by the time and the id of its message, then by its
 * place among the rows of its event. A retry of the same message has the same number. BigQuery compares section by section, as
 * hexadecimal numbers.
 * @see https://cloud.google.com/bigquery/docs/change-data-capture#manage_custom_ordering
 */
function sequenceOf({ event, index }: EventRow, { messageId, publishTime }: Origin): string {
  const sections = [microsOf(event.time), microsOf(publishTime), numberOf(messageId), BigInt(index)];
  return sections.map((section) => section.toString(16).toUpperCase().padStart(SECTION_DIGITS, '0')).join('/');
}

/** Microseconds since the year 1. Both times are read before. */
function microsOf(time: string): bigint {
  const { milliseconds, micros } = momentOf(time)!;
  return BigInt(milliseconds - FIRST) * 1000n + BigInt(micros);
}

/** Messages that are published together have the same time, and ids that count up. */
function numberOf(messageId: string): bigint {
  if (/^\d{1,19}$/.test(messageId)) return BigInt(messageId);
  return BigInt(`0x${createHash('sha256').update(messageId).digest('hex').slice(0, SECTION_DIGITS)}`);
}

function requireNotAhead(happened: Moment, published: Moment) {
  const hours = Math.ceil((happened.milliseconds - published.milliseconds) / 3_600_000);
  if (happened.milliseconds - published.milliseconds <= AHEAD) return;
  throw new PermanentError(`event_time is ${hours} hours after publish_time: it would hide each row of its key until then`);
}
