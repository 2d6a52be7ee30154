import { createHash } from 'node:crypto';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Transform } from '../../../shared/runtime/event';
import type { Made, Refusal, Sink, SourceRecord } from '../../../shared/runtime/sink';
import { type DeadLetter, inOneLine, judge, deadLetter as letterOf } from '../../../shared/runtime/verdict';
import { namedIn, type OpenedObject, type OpenObject } from '../created-objects';
import type { SendLetters } from '../dead-letter';
import { recordsOf, writeLot } from '../lots';
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

/** A lot is written when its lines have this many bytes. Two tries divide an object into the same lots, because an object never changes. */
const LOT_BYTES = 8 * 1024 * 1024;
/** How many lines of one object go to the dead letter as they are, and how many bytes of them. */
const [LETTERS, LETTER_BYTES] = [100, 8 * 1024 * 1024];

/** Where in an object something is wrong, and what. */
interface Fault {
  readonly line: number;
  readonly reason: string;
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
    const { lines, letters, rest, first } = await store(object, place, signal);
    if (letters.length > 0) await deadLetter(letters, { attributes: LINE, signal });
    if (first) {
      const reason = rest === 1 ? `line ${first.line}: ${first.reason}` : `line ${first.line} and ${rest - 1} more: ${first.reason}`;
      await refuse(reason, { ...place, line: first.line });
    }
    console.info({ message: 'An object was processed.', ...place, lines, deadLetters: letters.length + (first ? 1 : 0) });
  }

  /** Write the rows of an object. */
  async function store(object: OpenedObject, place: DeadLetter['position'], signal: AbortSignal) {
    const refused = new Refused();
    let [made, bytes, lines]: [Made<Stored>[], number, number] = [[], 0, 0];
    const write = async () => {
      if (made.length > 0) refused.add(await writeLot(sink, (some) => lotOf(some, place), made, signal));
      [made, bytes] = [[], 0];
    };
    for await (const line of object.lines) {
      lines++;
      if ('fault' in line) {
        refused.addFault({ line: line.number, reason: line.fault });
        continue;
      }
      const record: SourceRecord = { bytes: line.bytes, arrived: object.stored, position: { ...place, line: line.number } };
      const verdict = judge(line.bytes, transform, encode);
      if ('reason' in verdict) refused.add([{ record, reason: verdict.reason }]);
      // One by one: an event can make more rows than a call takes arguments.
      else for (const stored of verdict.rows) made.push({ stored, record });
      bytes += line.bytes.length;
      if (bytes >= LOT_BYTES) await write();
    }
    await write();
    return { lines, ...refused };
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

/** What of an object can never be processed. */
class Refused {
  /** The first lines, as they are. */
  readonly letters: DeadLetter[] = [];
  /** How many lines are not among them. */
  rest = 0;
  /** The first line that is not among them. */
  first?: Fault;
  private left = LETTER_BYTES;

  add(refusals: readonly Refusal[]) {
    for (const { record, reason } of refusals) {
      this.left -= record.bytes.length;
      if (this.letters.length < LETTERS && this.left >= 0) this.letters.push(letterOf(record.bytes, reason, record.position));
      else this.addFault({ line: Number(record.position.line), reason });
    }
  }

  addFault(fault: Fault) {
    this.rest++;
    this.first ??= fault;
  }
}

function readNamed(event: Buffer) {
  try {
    return namedIn(event.toString());
  } catch (error) {
    return { reason: inOneLine(error) };
  }
}

/**
 * A lot is named by the version of the object, and by the lines that have rows in it. The hash has all of these lines: after the
 * transform was corrected, other lines have rows, and so the lot gets another name.
 */
function lotOf<Stored>(made: readonly Made<Stored>[], place: DeadLetter['position']) {
  const records = recordsOf(made);
  const lines = records.map(({ position }) => position.line);
  const hash = createHash('sha256')
    .update(JSON.stringify([place.bucket, place.key, place.version, lines]))
    .digest('hex')
    .slice(0, 16);
  return { name: `${hash}-${lines[0]}-${lines.at(-1)}`, arrived: records[0]!.arrived, made };
}
