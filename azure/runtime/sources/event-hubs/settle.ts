import { createHash } from 'node:crypto';
import { sortBatch } from '../../../../shared/runtime/batch';
import { each, hourFolder } from '../../../../shared/runtime/objects';
import type { Lot, Refusal, Sink, SourceRecord } from '../../../../shared/runtime/sink';
import { inOneLine, deadLetter as letterOf, type Verdict } from '../../../../shared/runtime/verdict';
import type { SendLetters } from '../../dead-letter';
import { keyOf, nameOf } from './batch';

/** Timeout of the writes of a slice, and then of its dead letters. */
const TIMEOUT_MS = 90 * 1000;

/** Records of a batch that are settled together. */
export interface Slice {
  /** The start of the names of its objects. */
  readonly place: string;
  readonly records: readonly SourceRecord[];
}

/** Where the records of a slice go. */
export interface Targets<Stored> {
  readonly sink: Sink<Stored>;
  readonly deadLetter: SendLetters;
}

/** What earlier tries of this process have done with a batch. */
export interface Progress {
  /** The slices that are settled. */
  readonly settled: Set<string>;
  /** The lots that are written, and the records of each that the store refused: their keys, with the reason. */
  readonly written: Map<string, ReadonlyMap<string, string>>;
  /** The slices that may have dead letters. */
  readonly withLetters: Set<string>;
}

/** A batch that is not settled. The host retries it. */
export class BatchFailed extends Error {
  override readonly name = 'BatchFailed';
}

/**
 * Settle a slice: write a lot for each hour in which its records arrived, then one blob with a dead letter for each record that
 * is not stored. Lots that an earlier try has written are not written again.
 *
 * On the last try, each record that is not stored goes to the dead letter, with the reason. If the dead letters cannot be
 * written either, the batch is retried: the next try starts with the store again, and removes dead letters of records that are
 * then stored, so that no event stays in both places.
 * @param judged returns the verdict of the transform on each record
 * @throws BatchFailed if the slice must be retried
 */
export async function settle<Stored>(
  slice: Slice,
  judged: () => Promise<readonly Verdict<Stored>[]>,
  { sink, deadLetter }: Targets<Stored>,
  { settled, written, withLetters }: Progress,
  isLast: boolean,
): Promise<number> {
  const { place, records } = slice;
  const name = nameOf(place, records);

  /** Write the lots. Returns the reasons why records are not stored, by their keys. */
  async function store(): Promise<Map<string, string>> {
    const { lots, reasons } = sorted(slice, await judged());
    const failed: { readonly lot: Lot<Stored>; readonly error: unknown }[] = [];
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    await each(lots, async (lot) => {
      try {
        const refused = written.get(lot.name) ?? byKey(await sink.write(lot, signal));
        written.set(lot.name, refused);
        for (const [key, reason] of refused) reasons.set(key, reason);
      } catch (error) {
        failed.push({ lot, error });
      }
    });
    if (failed.length > 0 && !isLast) {
      const what = `${failed.length} of ${lots.length} writes failed for ${name}`;
      throw new BatchFailed(`${what}: ${inOneLine(failed[0]!.error)}. The batch is retried.`, { cause: failed[0]!.error });
    }
    for (const { lot, error } of failed) for (const { record } of lot.made) reasons.set(keyOf(record), `Not stored: ${inOneLine(error)}`);
    return reasons;
  }

  const reasons = await store().catch((error: unknown) => {
    if (!isLast) throw error;
    return new Map(records.map((record) => [keyOf(record), `Not processed: ${inOneLine(error)}`]));
  });
  if (reasons.size > 0 || withLetters.has(name)) {
    withLetters.add(name);
    const letters = records.flatMap((record) => {
      const reason = reasons.get(keyOf(record));
      return reason === undefined ? [] : [letterOf(record.bytes, reason, { ...record.position, enqueued: record.arrived.toISOString() })];
    });
    await deadLetter(`${hourFolder(records[0]!.arrived)}/${name}`, letters, AbortSignal.timeout(TIMEOUT_MS)).catch((error: unknown) => {
      const what = `The dead letter of ${name} cannot be written: ${inOneLine(error)}`;
      throw new BatchFailed(`${what}. Its ${letters.length} events stay in the hub, and the batch is retried.`, { cause: error });
    });
  }
  settled.add(name);
  return reasons.size;
}

/** The lot of each hour, and the reasons why records have no rows to store, by their keys. */
function sorted<Stored>({ place, records }: Slice, verdicts: readonly Verdict<Stored>[]) {
  const { hours, refusals } = sortBatch(records, (_, index) => verdicts[index]!);
  const lots = hours.map(({ records: of, made }) => ({ name: nameOf(place, of), arrived: of[0]!.arrived, made }));
  return { lots: lots.filter(({ made }) => made.length > 0), reasons: byKey(refusals) };
}

function byKey(refusals: readonly Refusal[]): Map<string, string> {
  return new Map(refusals.map(({ record, reason }) => [keyOf(record), reason]));
}

/**
 * Handle records that the host passed without positions. A later try may have them. On the last try, the records go to the dead
 * letter, under a name that is the hash of their content.
 */
export async function deadLetterUnplaced(records: readonly SourceRecord[], deadLetter: SendLetters, isLast: boolean): Promise<void> {
  const reason = `The host passed ${records.length} events without their positions.`;
  if (!isLast) throw new BatchFailed(`${reason} The batch is retried.`);
  const hash = createHash('sha256');
  for (const { bytes } of records) hash.update(`${bytes.length}\n`).update(bytes);
  const letters = records.map(({ bytes, position }) => letterOf(bytes, reason, position));
  await deadLetter(`unplaced/${hash.digest('hex')}`, letters, AbortSignal.timeout(TIMEOUT_MS));
}
