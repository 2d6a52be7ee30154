import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Transform } from '../../../shared/runtime/event';
import type { Sink, SourceRecord } from '../../../shared/runtime/sink';
import { storeLines } from '../../../shared/runtime/stored-lines';
import { type DeadLetter, inOneLine, judge, deadLetter as letterOf } from '../../../shared/runtime/verdict';
import { namedIn, type OpenObject } from '../created-objects';
import type { SendLetters } from '../dead-letter';
import { LETTER, LINE, readLetter } from '../queue-letters';
import { type Call, nearlyOver } from '../requests';

/** Settings for {@link s3Source}. */
export interface S3SourceProps<Stored> {
  readonly transform: Transform;
  /** Opens the objects that the messages name. */
  readonly open: OpenObject;
  /** The store of the rows. */
  readonly sink: Sink<Stored>;
  /** Sends what can never be processed to the dead letter. */
  readonly deadLetter: SendLetters;
}

/**
 * A handler for messages of an SQS queue that name new objects of S3. Each line of an object is an event of the contract. Objects
 * are read as streams, one after the other, and written in lots, so an object can be larger than the memory of the function.
 *
 * A line that can never be processed goes to the dead letter with its bucket, key, version and number, and the others are stored.
 * If there are more than a hundred, a dead letter with the message stands for the rest: it names the object. So it does for an
 * object that is gone or damaged, or that is not one of the store. Dead letters are sent after every lot is written.
 *
 * After any other error the message is reported as failed, and its object is read again from the start: the same lines make the
 * same lots. Messages that are not processed before the function times out are reported as failed too.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function s3Source<Stored>({ transform, open, sink, deadLetter }: S3SourceProps<Stored>) {
  const encode: Sink<Stored>['encode'] = (row, event, index) => sink.encode(row, event, index);

  return async ({ Records }: SQSEvent, call: Call): Promise<SQSBatchResponse> => {
    const signal = nearlyOver(call);
    const failed: string[] = [];
    for (const message of Records) {
      try {
        signal.throwIfAborted();
        await processMessage(message, signal);
      } catch (error) {
        failed.push(message.messageId);
        console.error({ message: 'A message failed and will be retried.', messageId: message.messageId, error });
      }
    }
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };

  async function processMessage(message: SQSRecord, signal: AbortSignal): Promise<void> {
    const { messageId, eventSourceARN: queue, body, attributes } = message;
    const position = { queue, messageId };
    const line = readLetter(message, LINE);
    if (line) return processLine({ bytes: line, arrived: new Date(Number(attributes.SentTimestamp)), position }, messageId, signal);

    const event = readLetter(message, LETTER) ?? Buffer.from(body);
    const refuse = (reason: string, at: DeadLetter['position']) =>
      deadLetter([letterOf(event, reason, at)], { attributes: LETTER, signal });
    const named = readNamed(event);
    if ('reason' in named) return refuse(named.reason, position);
    const object = await open(named, signal);
    if ('reason' in object) return refuse(object.reason, position);

    const place = { bucket: named.bucket, key: named.key, version: object.version };
    const { lines, letters, rest } = await storeLines(object, place, { transform, sink }, signal);
    if (letters.length > 0) await deadLetter(letters, { attributes: LINE, signal });
    if (rest) await refuse(rest.reason, { ...place, line: rest.line });
    console.info({ message: 'An object was processed.', ...place, lines, deadLetters: letters.length + (rest ? 1 : 0) });
  }

  /** A line that was moved back from the dead letter is one lot. */
  async function processLine(record: SourceRecord, name: string, signal: AbortSignal): Promise<void> {
    const verdict = judge(record.bytes, transform, encode);
    const rows = 'rows' in verdict ? verdict.rows : [];
    const lot = { name, arrived: record.arrived, made: rows.map((stored) => ({ stored, record })) };
    const [refusal] = 'reason' in verdict ? [verdict] : rows.length > 0 ? await sink.write(lot, signal) : [];
    if (refusal) await deadLetter([letterOf(record.bytes, refusal.reason, record.position)], { attributes: LINE, signal });
  }
}

function readNamed(event: Buffer) {
  try {
    return namedIn(event.toString());
  } catch (error) {
    return { reason: inOneLine(error) };
  }
}
