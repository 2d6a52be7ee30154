import { createHash } from 'node:crypto';
import { sortBatch } from '../../shared/runtime/batch';
import type { Transform } from '../../shared/runtime/event';
import { recordsOf, writeLot } from '../../shared/runtime/lots';
import { each } from '../../shared/runtime/objects';
import type { Lot, Made, Refusal, Sink, SourceRecord } from '../../shared/runtime/sink';
import { judge, deadLetter as letterOf } from '../../shared/runtime/verdict';
import type { SendLetters } from './dead-letter';
import { type Call, nearlyOver } from './requests';

/** Settings for a source that reads a stream. */
export interface StreamSourceProps<Stored> {
  readonly transform: Transform;
  /** The store of the rows. */
  readonly sink: Sink<Stored>;
  /** Sends records that can never be processed to the dead letter. */
  readonly deadLetter: SendLetters;
}

/** A record of a stream, and its position: the ARN of the stream, the shard if it is known, and the sequence number. */
export interface StreamRecord extends SourceRecord {
  readonly position: { readonly stream: string; readonly shard?: string; readonly sequenceNumber: string } & SourceRecord['position'];
}

/** Which records of a batch failed, in the form that Lambda reads. */
interface BatchResponse {
  readonly batchItemFailures: { itemIdentifier: string }[];
}

/**
 * A handler for batches of a stream. It writes one lot for each hour in which records of the batch arrived.
 *
 * A batch succeeds or fails as a whole. If a write fails, the handler reports the first record as failed, so that Lambda retries
 * exactly this batch: the same records make the same lots, so a retry stores nothing twice. Dead letters are sent only after
 * every lot is written, because a message cannot be replaced. The handler returns before it times out. It retries without a
 * limit: the event source mapping sets how often and how long Lambda retries.
 *
 * A lot that is too large to build is written in halves. If one record is too large, it goes to the dead letter.
 * @param read makes a record of what Lambda hands over
 */
export function streamSource<Stored, Raw>({ transform, sink, deadLetter }: StreamSourceProps<Stored>, read: (raw: Raw) => StreamRecord) {
  const encode: Sink<Stored>['encode'] = (row, event, index) => sink.encode(row, event, index);
  const verdictOf = ({ bytes }: SourceRecord) => judge(bytes, transform, encode);

  return async ({ Records }: { readonly Records: readonly Raw[] }, call: Call): Promise<BatchResponse> => {
    const signal = nearlyOver(call);
    const records = Records.map(read);
    const { hours, refusals } = sortBatch(records, verdictOf);
    const lots = hours.map(({ made }) => made).filter((made) => made.length > 0);
    const refused: (readonly Refusal[])[] = [refusals];
    try {
      await each(lots, async (made) => {
        refused.push(await writeLot(sink, lotOf, made, signal));
      });
      const letters = refused.flat().map(({ record, reason }) => letterOf(record.bytes, reason, record.position));
      await deadLetter(letters, { signal });
      console.info({ message: 'Batch settled.', records: Records.length, lots: lots.length, deadLetters: letters.length });
      return { batchItemFailures: [] };
    } catch (error) {
      const [from, to] = [records[0], records.at(-1)].map((record) => record?.position.sequenceNumber ?? '');
      console.error({ message: 'The batch failed and will be retried.', records: Records.length, from, to, error });
      return { batchItemFailures: [{ itemIdentifier: from! }] };
    }
  };
}

/**
 * A lot is named by the records that have rows in it: the first, the last, and a hash of all of them and of their stream. The
 * hash is required because a batch may not have every record between the two, with a filter or with parallel batches, and
 * because two streams can have the same sequence numbers.
 */
function lotOf<Stored>(made: readonly Made<Stored>[]): Lot<Stored> {
  const records = recordsOf(made);
  const numbers = records.map(({ position }) => position.sequenceNumber);
  const { arrived, position } = records[0]!;
  const hash = createHash('sha256')
    .update([position.stream, ...numbers].join())
    .digest('hex')
    .slice(0, 8);
  const shard = position.shard === undefined ? '' : `${position.shard}-`;
  return { name: `${shard}${numbers[0]}-${numbers.at(-1)}-${hash}`, arrived, made };
}
