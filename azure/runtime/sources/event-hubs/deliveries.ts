import { inOneLine } from '../../../../shared/runtime/verdict';
import type { Notes } from '../../notes';
import { type Batch, keyOf } from './batch';
import { BatchFailed } from './settle';

/** The note about the current batch of a partition. */
interface Note {
  /** The key of the first record and its time of arrival, because a hub that was deleted and created again starts at 0. */
  readonly first: string;
  /** How many processes received the batch as their first one of this partition. */
  readonly deliveries: number;
  /** How many processes ended while they processed a single record, by the key of the record. */
  readonly ended: Readonly<Record<string, number>>;
}

/** A batch that this many processes started with is processed record by record. */
const MAX_DELIVERIES = 3;

/**
 * Counts how often a batch is delivered, across processes: a transform that never returns, or that uses all memory, ends the
 * process, and its memory is lost. The host then delivers the batch again, without limit.
 *
 * Only the first batch of a partition in each process is noted: a process that got a second batch has survived the first one.
 * So notes cost two calls for each partition and process.
 */
export class Deliveries {
  /** The current batch of each partition. */
  private readonly batches = new Map<string, Note>();

  constructor(private readonly notes: Notes) {}

  /**
   * Note that a batch was delivered.
   * @returns `one by one` if earlier processes ended during this batch
   */
  async begin(place: string, [record]: Batch['records']): Promise<'as a whole' | 'one by one'> {
    const first = `${keyOf(record!)} ${record!.arrived.toISOString()}`;
    const known = this.batches.get(place);
    if (known?.first !== first) {
      const noted = known ? undefined : await this.read(place);
      const before = noted?.first === first ? noted : { first, deliveries: 0, ended: {} };
      const note = known ? before : { ...before, deliveries: before.deliveries + 1 };
      if (!known) await this.write(place, note);
      this.batches.set(place, note);
    }
    return this.batches.get(place)!.deliveries >= MAX_DELIVERIES ? 'one by one' : 'as a whole';
  }

  /** How many processes in a row ended while they processed only this record. */
  ended(place: string, key: string): number {
    return this.batches.get(place)?.ended[key] ?? 0;
  }

  /** Note that a single record is processed now. If the process ends before the next note, this record is the cause. */
  async hold(place: string, key: string): Promise<void> {
    const note = this.batches.get(place)!;
    await this.write(place, { ...note, ended: { ...note.ended, [key]: (note.ended[key] ?? 0) + 1 } });
  }

  /** The process has survived this record, so it was not the cause of earlier ends. The next note has no count for it. */
  survived(place: string, key: string) {
    const note = this.batches.get(place)!;
    const { [key]: _, ...ended } = note.ended;
    this.batches.set(place, { ...note, ended });
  }

  /** Note that no single record is processed. */
  async release(place: string): Promise<void> {
    await this.write(place, this.batches.get(place)!);
  }

  /** Forget a batch that is settled. */
  async forget(place: string): Promise<void> {
    const note = { ...this.batches.get(place)!, deliveries: 0, ended: {} };
    this.batches.set(place, note);
    await this.write(place, note);
  }

  /** A note that cannot be parsed counts as no note. */
  private async read(place: string): Promise<Note | undefined> {
    const text = await this.notes.read(nameOf(place)).catch(failBatch);
    try {
      const { first, deliveries, ended } = JSON.parse(text ?? '{}') as Partial<Note>;
      return typeof first === 'string' && typeof deliveries === 'number' ? { first, deliveries, ended: ended ?? {} } : undefined;
    } catch {
      return undefined;
    }
  }

  private async write(place: string, note: Note) {
    await this.notes.write(nameOf(place), JSON.stringify(note)).catch(failBatch);
  }
}

function failBatch(error: unknown): never {
  throw new BatchFailed(`The notes in the host storage cannot be read or written: ${inOneLine(error)}. The batch is retried.`, {
    cause: error,
  });
}

function nameOf(place: string): string {
  return `${place}.json`;
}
