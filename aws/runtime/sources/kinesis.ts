import type { KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import type { Transform } from '../../../shared/runtime/event';
import { each } from '../../../shared/runtime/objects';
import type { Made, Sink, SourceRecord } from '../../../shared/runtime/sink';
import { judge, deadLetter as letterOf } from '../../../shared/runtime/verdict';
import type { SendLetter } from '../dead-letter';

/** What the records of a stream are handed to. */
export interface KinesisSourceProps<Stored> {
  readonly transform: Transform;
  /** Where rows go. */
  readonly sink: Sink<Stored>;
  /** Where records go that can never be processed. */
  readonly deadLetter: SendLetter;
}

/** What one hour of a batch gives, and the first and the last record with a row in it. */
interface Hour<Stored> {
  readonly first: KinesisStreamRecord;
  readonly arrived: Date;
  readonly made: Made<Stored>[];
  last: KinesisStreamRecord;
}

/**
 * A handler of batches of a Kinesis stream: one lot for each hour in which records of the batch arrived.
 *
 * The batch is settled as a whole. When a write fails, Lambda is told that the first record failed, and brings exactly
 * this batch again: the same records make the same lots, so a retry replaces and never doubles. Dead letters are sent
 * only after every lot is written, for the same reason.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export function kinesisSource<Stored>({ transform, sink, deadLetter }: KinesisSourceProps<Stored>) {
  return async ({ Records }: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> => {
    const hours = new Map<number, Hour<Stored>>();
    const dead: { readonly record: SourceRecord; readonly reason: string }[] = [];

    for (const one of Records) {
      const record = sourceRecord(one);
      const verdict = judge(record.bytes, transform, (row, event, index) => sink.encode(row, event, index));
      if ('reason' in verdict) {
        dead.push({ record, reason: verdict.reason });
      } else if (verdict.rows.length > 0) {
        const number = Math.floor(one.kinesis.approximateArrivalTimestamp / 3600);
        const hour = hours.get(number) ?? { first: one, arrived: record.arrived, made: [], last: one };
        hours.set(number, hour);
        for (const stored of verdict.rows) hour.made.push({ stored, record });
        hour.last = one;
      }
    }

    try {
      await each([...hours.values()], async ({ first, last, arrived, made }) => {
        dead.push(...(await sink.write({ name: nameOf(first, last), arrived, made })));
      });
      await each(dead, ({ record, reason }) => deadLetter(letterOf(record.bytes, reason, record.position)));
    } catch (error) {
      console.error({ message: 'The batch failed and will be tried again.', records: Records.length, error });
      return { batchItemFailures: [{ itemIdentifier: Records[0]?.kinesis.sequenceNumber ?? '' }] };
    }
    console.info({ message: 'Batch settled.', records: Records.length, lots: hours.size, deadLetters: dead.length });
    return { batchItemFailures: [] };
  };
}

/** The time of arrival, not the event's own: it is the same at every try, and a late event does not make a lot of its own. */
function sourceRecord(record: KinesisStreamRecord): SourceRecord {
  const { data, approximateArrivalTimestamp, sequenceNumber } = record.kinesis;
  return {
    bytes: Buffer.from(data, 'base64'),
    arrived: new Date(approximateArrivalTimestamp * 1000),
    position: { stream: record.eventSourceARN, shard: shardOf(record), sequenceNumber },
  };
}

function nameOf(first: KinesisStreamRecord, last: KinesisStreamRecord): string {
  return `${shardOf(first)}-${first.kinesis.sequenceNumber}-${last.kinesis.sequenceNumber}`;
}

/** The event id of a Kinesis record is its shard and its sequence number, with a colon between them. */
function shardOf({ eventID }: KinesisStreamRecord): string {
  return eventID.slice(0, eventID.indexOf(':'));
}
