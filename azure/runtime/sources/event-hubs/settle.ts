import { createHash } from 'node:crypto';
import { sortBatch } from '../../../../shared/runtime/batch';
import { each, hourFolder } from '../../../../shared/runtime/objects';
import type { Lot, Refusal, Sink, SourceRecord } from '../../../../shared/runtime/sink';
import { inOneLine, deadLetter as letterOf, type Verdict } from '../../../../shared/runtime/verdict';
import type { SendLetters } from '../../dead-letter';
import { keyOf, nameOf } from './batch';

/** How long the lots of a slice may take, and then its letters. */
const PATIENCE_MS = 90 * 1000;

/** Records of a batch that are settled together. */
export interface Slice {
  /** What its names begin with. */
  readonly place: string;
  readonly records: readonly SourceRecord[];
}

/** Where the records of a slice go. */
export interface Targets<Stored> {
  readonly sink: Sink<Stored>;
  readonly deadLetter: SendLetters;
}

/** What became of a batch in earlier tries of this process. */
export interface Progress {
  /** The slices that are settled. */
  readonly settled: Set<string>;
  /** The lots that are written, and what the store refused of each: the key of the record, and the reason. */
  readonly written: Map<string, ReadonlyMap<string, string>>;
  /** The slices that may have letters. */
  readonly withLetters: Set<string>;
}

/** Says that a batch is not settled. The host tries it again. */
export class BatchFailed extends Error {
  override readonly name = 'BatchFailed';
}

/**
 * Settle a slice: a lot for each hour in which its records arrived, then one blob with a letter for each record that is not
 * stored. What was written in an earlier try is not written again.
 *
 * On the last try all that is not stored goes to the dead letter, for whatever reason it is not. When the letters cannot be
 * written either, nothing is given up: the next try begins with the store again, and replaces letters that are no longer
 * needed by none, so that no event stays in both places.
 * @param judged what becomes of each record, by its transform
 * @throws BatchFailed when the slice must come again
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

  /** Why records are not stored, by their keys. */
  async function store(): Promise<Map<string, string>> {
    const { lots, reasons } = sorted(slice, await judged());
    const failed: { readonly lot: Lot<Stored>; readonly error: unknown }[] = [];
    const signal = AbortSignal.timeout(PATIENCE_MS);
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
      throw new BatchFailed(`${what}: ${inOneLine(failed[0]!.error)}. The batch is tried again.`, { cause: failed[0]!.error });
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
    await deadLetter(`${hourFolder(records[0]!.arrived)}/${name}`, letters, AbortSignal.timeout(PATIENCE_MS)).catch((error: unknown) => {
      const what = `The dead letter of ${name} cannot be written: ${inOneLine(error)}`;
      throw new BatchFailed(`${what}. Its ${letters.length} events stay in the hub, and the batch is tried again.`, { cause: error });
    });
  }
  settled.add(name);
  return reasons.size;
}

/** The lot of each hour, and why records have no rows to store, by their keys. */
function sorted<Stored>({ place, records }: Slice, verdicts: readonly Verdict<Stored>[]) {
  const { hours, refusals } = sortBatch(records, (_, index) => verdicts[index]!);
  const lots = hours.map(({ records: of, made }) => ({ name: nameOf(place, of), arrived: of[0]!.arrived, made }));
  return { lots: lots.filter(({ made }) => made.length > 0), reasons: byKey(refusals) };
}

function byKey(refusals: readonly Refusal[]): Map<string, string> {
  return new Map(refusals.map(({ record, reason }) => [keyOf(record), reason]));
}

/**
 * Records of which the host did not say where they stand. A later try may know it; after the last one they go to the dead
 * letter, under a name that is made of what is in them.
 */
export async function giveUpUnplaced(records: readonly SourceRecord[], deadLetter: SendLetters, isLast: boolean): Promise<void> {
  const reason = `The host handed over ${records.length} events without their positions.`;
  if (!isLast) throw new BatchFailed(`${reason} The batch is tried again.`);
  const hash = createHash('sha256');
  for (const { bytes } of records) hash.update(`${bytes.length}\n`).update(bytes);
  const letters = records.map(({ bytes, position }) => letterOf(bytes, reason, position));
  await deadLetter(`unplaced/${hash.digest('hex')}`, letters, AbortSignal.timeout(PATIENCE_MS));
}
