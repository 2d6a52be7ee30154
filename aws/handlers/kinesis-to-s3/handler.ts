import type { KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import type { Transform } from '../../../shared/runtime/event';
import { stringify } from '../../../shared/runtime/json';
import { each, hourFolder } from '../../../shared/runtime/objects';
import { type DeadLetter, deadLetter, judge } from '../../../shared/runtime/verdict';

/** What the handler reaches for: each call is repeatable, or fails as a whole. */
export interface Neighbours {
  readonly transform: Transform;
  /** What no other processor is called. It keeps the objects of two apart that read one stream and write to one store. */
  readonly processor: string;
  /** Write one object. The same key again replaces it. */
  putObject(key: string, body: string): Promise<void>;
  /** Send one message to the dead letter. */
  sendMessage(body: string): Promise<void>;
}

/** Every queue takes 256 KiB; this leaves room for the reason and the position. */
const MESSAGE_CHARACTERS = 240_000;

/**
 * A batch of Kinesis records becomes one object for each hour in which its records arrived; records that can never be
 * processed go to the dead letter.
 *
 * The batch is settled as a whole. When a write fails, Lambda is told that the first record failed, and brings exactly
 * this batch again: the same records make the same object names, so a retry replaces and never doubles. Dead letters
 * are sent only after every object is written, for the same reason.
 */
export function kinesisToS3({ transform, processor, putObject, sendMessage }: Neighbours) {
  return async ({ Records }: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> => {
    const objects = new Map<number, { lines: string[]; first: KinesisStreamRecord; last: KinesisStreamRecord }>();
    const letters: DeadLetter[] = [];

    for (const record of Records) {
      const bytes = Buffer.from(record.kinesis.data, 'base64');
      const verdict = judge(bytes, transform, stringify);
      if ('reason' in verdict) {
        letters.push(deadLetter(bytes, verdict.reason, positionOf(record)));
      } else if (verdict.rows.length > 0) {
        const hour = Math.floor(record.kinesis.approximateArrivalTimestamp / 3600);
        const object = objects.get(hour) ?? { lines: [], first: record, last: record };
        objects.set(hour, object);
        for (const row of verdict.rows) object.lines.push(row);
        object.last = record;
      }
    }

    try {
      await each([...objects.values()], ({ lines, first, last }) =>
        putObject(`${nameOf(first, last)}-${processor}.ndjson`, `${lines.join('\n')}\n`),
      );
      await each(letters.flatMap(messagesOf), sendMessage);
    } catch (error) {
      console.error({ message: 'The batch failed and will be tried again.', records: Records.length, error });
      return { batchItemFailures: [{ itemIdentifier: Records[0]?.kinesis.sequenceNumber ?? '' }] };
    }
    console.info({ message: 'Batch settled.', records: Records.length, objects: objects.size, deadLetters: letters.length });
    return { batchItemFailures: [] };
  };
}

/** The hour of arrival, not the event's own time: it is the same at every try, and a late event does not make an object of its own. */
function nameOf(first: KinesisStreamRecord, last: KinesisStreamRecord): string {
  const arrival = new Date(first.kinesis.approximateArrivalTimestamp * 1000);
  return `${hourFolder(arrival)}/${shardOf(first)}-${first.kinesis.sequenceNumber}-${last.kinesis.sequenceNumber}`;
}

function positionOf(record: KinesisStreamRecord) {
  return { stream: record.eventSourceARN, shard: shardOf(record), sequenceNumber: record.kinesis.sequenceNumber };
}

/** The event id of a Kinesis record is its shard and its sequence number, with a colon between them. */
function shardOf({ eventID }: KinesisStreamRecord): string {
  return eventID.slice(0, eventID.indexOf(':'));
}

/** One message, or as many as a large payload takes: then each holds a part of it in base64. */
function messagesOf(letter: DeadLetter): string[] {
  const whole = jsonOf(letter);
  if (Buffer.byteLength(whole) <= MESSAGE_CHARACTERS) return [whole];
  const base64 = letter.encoding === 'base64' ? letter.payload : Buffer.from(letter.payload).toString('base64');
  const parts = Math.ceil(base64.length / MESSAGE_CHARACTERS);
  return Array.from({ length: parts }, (_, part) =>
    jsonOf({
      ...letter,
      encoding: 'base64',
      payload: base64.slice(part * MESSAGE_CHARACTERS, (part + 1) * MESSAGE_CHARACTERS),
      part: part + 1,
      parts,
    }),
  );
}

/** SQS takes every character but these two and those that JSON escapes anyhow. */
function jsonOf(letter: DeadLetter & { readonly part?: number; readonly parts?: number }): string {
  return JSON.stringify(letter).replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
