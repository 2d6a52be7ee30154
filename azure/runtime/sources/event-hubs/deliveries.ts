import { inOneLine } from '../../../../shared/runtime/verdict';
import type { Notes } from '../../notes';
import { type Batch, keyOf } from './batch';
import { BatchFailed } from './settle';

/** What is noted of the batch at which a partition stands. */
interface Note {
  /** Where the batch begins, and when its first record arrived: a hub that is made anew counts from 0 again. */
  readonly first: string;
  /** How many processes were handed the batch as their first one of this partition. */
  readonly deliveries: number;
  /** How many processes ended while they held a record alone, by the key of the record. */
  readonly ended: Readonly<Record<string, number>>;
}

/** A batch that so many processes began with is taken record by record. */
const DELIVERIES = 3;

/**
 * Counts how often batches are delivered, beyond the life of a process: a transform that never comes back, or that takes all
 * the memory there is, ends the process, and with it whatever it knew. The batch then comes again, without end.
 *
 * Only the first batch that a process takes of a partition is noted, since a process that came to a second one did not die
 * of the first. So notes cost two calls for each partition in the life of a process.
 */
export class Deliveries {
  /** The batch that each partition stands at. */
  private readonly batches = new Map<string, Note>();

  constructor(private readonly notes: Notes) {}

  /**
   * Note that a batch was delivered.
   * @returns whether processes before this one did not survive it
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
    return this.batches.get(place)!.deliveries >= DELIVERIES ? 'one by one' : 'as a whole';
  }

  /** How many processes in a row ended while they held this record alone. */
  ended(place: string, key: string): number {
    return this.batches.get(place)?.ended[key] ?? 0;
  }

  /** Note that a record is about to be held alone. Should the process end now, it was with this record. */
  async hold(place: string, key: string): Promise<void> {
    const note = this.batches.get(place)!;
    await this.write(place, { ...note, ended: { ...note.ended, [key]: (note.ended[key] ?? 0) + 1 } });
  }

  /** The process has survived this record: those that ended before did so by chance. The next note says so. */
  survived(place: string, key: string) {
    const note = this.batches.get(place)!;
    const { [key]: _, ...ended } = note.ended;
    this.batches.set(place, { ...note, ended });
  }

  /** Note that no record is held. */
  async letGo(place: string): Promise<void> {
    await this.write(place, this.batches.get(place)!);
  }

  /** Forget a batch that is settled. */
  async forget(place: string): Promise<void> {
    const note = { ...this.batches.get(place)!, deliveries: 0, ended: {} };
    this.batches.set(place, note);
    await this.write(place, note);
  }

  /** A note that is no note counts as none. */
  private async read(place: string): Promise<Note | undefined> {
    const text = await this.notes.read(nameOf(place)).catch(notReached);
    try {
      const { first, deliveries, ended } = JSON.parse(text ?? '{}') as Partial<Note>;
      return typeof first === 'string' && typeof deliveries === 'number' ? { first, deliveries, ended: ended ?? {} } : undefined;
    } catch {
      return undefined;
    }
  }

  private async write(place: string, note: Note) {
    await this.notes.write(nameOf(place), JSON.stringify(note)).catch(notReached);
  }
}

function notReached(error: unknown): never {
  throw new BatchFailed(`The notes of the host cannot be reached: ${inOneLine(error)}. The batch is tried again.`, { cause: error });
}

function nameOf(place: string): string {
  return `${place}.json`;
}
