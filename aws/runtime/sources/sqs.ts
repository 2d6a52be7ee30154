import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Transform } from '../../../shared/runtime/event';
import { each } from '../../../shared/runtime/objects';
import type { Sink, SourceRecord } from '../../../shared/runtime/sink';
import { judge, deadLetter as letterOf } from '../../../shared/runtime/verdict';
import type { SendLetters } from '../dead-letter';
import { LETTER, readLetter } from '../queue-letters';
import { type Call, nearlyOver } from '../requests';

/** Settings for {@link sqsSource}. */
export interface SqsSourceProps<Stored> {
  readonly transform: Transform;
  /** The store of the rows. */
  readonly sink: Sink<Stored>;
  /** Sends messages that can never be processed to the dead letter. */
  readonly deadLetter: SendLetters;
}

/**
 * A handler for messages of an SQS queue. Each message succeeds or fails alone, and is one lot: a failed message is delivered
 * again in another batch, so nothing is named after the batch.
 *
 * A message that can never be processed goes to the dead letter, and is deleted from the queue. After any other error the message
 * is reported as failed, and is retried; after the last try SQS moves it to the dead letter. Messages that are not processed
 * before the function times out are reported as failed too.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function sqsSource<Stored>({ transform, sink, deadLetter }: SqsSourceProps<Stored>) {
  return async ({ Records }: SQSEvent, call: Call): Promise<SQSBatchResponse> => {
    const signal = nearlyOver(call);
    const failed: string[] = [];
    let deadLetters = 0;

    await each(Records, async (message) => {
      try {
        const reason = await processMessage(message, signal);
        if (reason !== undefined) deadLetters++;
      } catch (error) {
        failed.push(message.messageId);
        console.error({ message: 'A message failed and will be retried.', messageId: message.messageId, error });
      }
    });
    console.info({ message: 'Batch settled.', records: Records.length, failed: failed.length, deadLetters });
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };

  /** @returns why the message went to the dead letter, or `undefined` if it did not */
  async function processMessage(message: SQSRecord, signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    const record = sourceRecord(message);
    const verdict = judge(record.bytes, transform, (row, event, index) => sink.encode(row, event, index));
    const reason = 'reason' in verdict ? verdict.reason : await store(record, message.messageId, verdict.rows, signal);
    if (reason !== undefined) await deadLetter([letterOf(record.bytes, reason, record.position)], { attributes: LETTER, signal });
    return reason;
  }

  /** @returns why the store can never accept the message, or `undefined` if it is stored */
  async function store(record: SourceRecord, name: string, rows: readonly Stored[], signal: AbortSignal): Promise<string | undefined> {
    if (rows.length === 0) return undefined;
    const made = rows.map((stored) => ({ stored, record }));
    const [refusal] = await sink.write({ name, arrived: record.arrived, made }, signal);
    return refusal?.reason;
  }
}

function sourceRecord(message: SQSRecord): SourceRecord {
  const { body, messageId, eventSourceARN, attributes } = message;
  return {
    bytes: readLetter(message, LETTER) ?? Buffer.from(body),
    arrived: new Date(Number(attributes.SentTimestamp)),
    position: { queue: eventSourceARN, messageId },
  };
}
