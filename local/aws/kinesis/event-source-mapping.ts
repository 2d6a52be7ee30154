import { readFailures } from '../lambda/batch-failures';
import type { Invocation, MappingSurroundings, Poller } from '../site';
import { type PackedRecord, payloadOf } from './batch-payload';
import { type Condition, failureMessage } from './failure-message';
import { type BatchSettings, ShardReader } from './shard-reader';
import type { StreamRecord, StreamSource } from './stream';

/** What the template says of the mapping. */
export interface MappingSettings extends BatchSettings {
  readonly bisect: boolean;
  /** -1 is without end. */
  readonly maxRetries: number;
  /** -1 is for as long as the stream keeps a record. */
  readonly maxAgeSeconds: number;
  readonly reportsFailures: boolean;
}

/** What the mapping reaches for. */
export interface MappingNeighbours extends MappingSurroundings {
  readonly source: StreamSource;
  readonly functionArn: string;
  invoke(payload: string): Promise<Invocation>;
  /** Hears what was given up. Without it, that is lost. */
  readonly onFailure?: (message: string, payload: string) => Promise<void>;
  /** Hears that records will not be brought again. */
  settled(sequenceNumbers: readonly string[]): void;
}

/** How much of a batch an answer of the function settles: all, all before the record at `from`, or none and why. */
type Reading = 'all' | { readonly from: number } | { readonly why: string };

/** A part of a batch that is under way, with what it went through. */
interface Part {
  readonly records: readonly PackedRecord[];
  readonly invocations: number;
  readonly retries: number;
  /** How many milliseconds it has paused between its tries. */
  readonly paused?: number;
}

const FIRST_PAUSE_MILLISECONDS = 1000;
const LONGEST_PAUSE_MILLISECONDS = 60_000;
/** A mapping may go on for days. After 75 minutes of pauses, which is longer than any fault of a run, the rest of them is taken for over. */
const PATIENCE_MILLISECONDS = 75 * 60 * 1000;

/**
 * Reads each shard in order, hands batches to the function, and tries again what failed. A shard goes on only when its
 * batch is settled, part by part.
 *
 * How Lambda counts retries of parts is not documented in full. Here a split takes none of them, as documented, and each
 * part goes on with the retries that its batch had taken.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 */
export class EventSourceMapping implements Poller {
  private readonly stopping = new AbortController();
  private lanes: readonly Promise<void>[] = [];

  constructor(
    private readonly settings: MappingSettings,
    private readonly neighbours: MappingNeighbours,
  ) {}

  async start(): Promise<void> {
    const shards = await this.neighbours.source.shards();
    this.lanes = shards.map((shard) =>
      this.run(shard).catch((error: Error) => {
        if (!this.stopped) this.neighbours.witness.incident(`${shard} is no longer read: ${error.message}`);
      }),
    );
  }

  /** Bring nothing more. The calls that are under way must end by themselves. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.lanes);
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(shard: string): Promise<void> {
    const { source, pace } = this.neighbours;
    const reader = new ShardReader(this.settings, source, shard, pace);
    while (!this.stopped) {
      const rest = await this.settle(shard, await reader.next(this.stopping.signal));
      reader.putBack(rest);
    }
  }

  /**
   * Bring a batch until nothing of it is left, the first records first.
   * @returns the records that come with what follows them, where the batch was cut anew
   */
  private async settle(shard: string, batch: readonly PackedRecord[]): Promise<readonly PackedRecord[]> {
    const parts: Part[] = [{ records: batch, invocations: 0, retries: 0 }];
    let rest: readonly PackedRecord[] = [];
    while (parts.length > 0 && !this.stopped) {
      const part = await this.withoutOld(shard, parts.shift()!);
      if (part.records.length === 0) continue;
      const again = await this.bring(shard, { ...part, invocations: part.invocations + 1 });
      // A mapping that reads on from its last checkpoint cuts its batches as if it had never read them.
      const [first, ...others] = again;
      const isAlone = first !== undefined && others.length === 0 && parts.length === 0;
      const cut = isAlone ? this.neighbours.chaos.cut(first.records.length) : Number.POSITIVE_INFINITY;
      if (isAlone && cut < first.records.length) {
        rest = [...first.records.slice(cut), ...rest];
        parts.push({ ...first, records: first.records.slice(0, cut) });
      } else {
        parts.unshift(...again);
      }
    }
    return rest;
  }

  /** Call the function once. @returns what must be brought again */
  private async bring(shard: string, part: Part): Promise<readonly Part[]> {
    const { witness, chaos, settled, invoke } = this.neighbours;
    const positions = numbersOf(part.records);
    witness.delivered({ positions, attempt: part.invocations, from: shard });
    const invocation = await invoke(payloadOf(part.records));
    if (this.stopped) return [];

    const reading = this.read(invocation, part.records);
    if (reading === 'all') {
      if (chaos.answer() === 'lost') {
        witness.answered({ positions, outcome: 'again', why: 'the answer was lost' });
        return [part];
      }
      settled(positions);
      witness.answered({ positions, outcome: 'settled' });
      return [];
    }
    if ('from' in reading) return this.fromFailed(shard, part, reading.from, invocation.requestId);
    return this.again(shard, part, reading.why, invocation);
  }

  /** Where several records are reported, the one with the lowest sequence number counts: from it on, all comes again. */
  private read(invocation: Invocation, records: readonly PackedRecord[]): Reading {
    if ('error' in invocation) return { why: invocation.error };
    if (!this.settings.reportsFailures) return 'all';
    const failed = readFailures(invocation.payload, numbersOf(records));
    if ('why' in failed) return failed;
    return failed.length === 0 ? 'all' : { from: Math.min(...failed) };
  }

  /** The function named the first record that failed: what stands before it is done. */
  private async fromFailed(shard: string, part: Part, from: number, requestId: string): Promise<readonly Part[]> {
    const { witness, settled } = this.neighbours;
    const [done, rest] = [part.records.slice(0, from), part.records.slice(from)];
    const why = 'the function reported a failed record';
    if (done.length > 0) {
      settled(numbersOf(done));
      witness.answered({ positions: numbersOf(done), outcome: 'settled' });
      if (this.settings.bisect) {
        witness.answered({ positions: numbersOf(rest), outcome: 'again', why });
        return [{ ...part, records: rest }];
      }
    }
    return this.retry(shard, { ...part, records: rest }, why, { requestId, payload: '' });
  }

  /** The whole part failed. */
  private async again(shard: string, part: Part, why: string, invocation: Invocation): Promise<readonly Part[]> {
    if (!this.settings.bisect || part.records.length === 1) return this.retry(shard, part, why, invocation);
    this.neighbours.witness.answered({ positions: numbersOf(part.records), outcome: 'again', why });
    const middle = Math.ceil(part.records.length / 2);
    return [part.records.slice(0, middle), part.records.slice(middle)].map((records) => ({ ...part, records }));
  }

  private async retry(shard: string, part: Part, why: string, invocation: Invocation): Promise<readonly Part[]> {
    const { maxRetries } = this.settings;
    if (maxRetries >= 0 && part.retries >= maxRetries) {
      await this.giveUp(shard, part, 'RetryAttemptsExhausted', why, invocation);
      return [];
    }
    this.neighbours.witness.answered({ positions: numbersOf(part.records), outcome: 'again', why });
    const pause = Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** part.retries, LONGEST_PAUSE_MILLISECONDS);
    const paused = (part.paused ?? 0) + pause;
    if (this.settings.maxAgeSeconds >= 0 && paused > PATIENCE_MILLISECONDS) {
      this.neighbours.witness.incident(
        `${shard}: the mapping would go on for ${this.settings.maxAgeSeconds} s; here it is as if they were over`,
      );
      await this.giveUp(shard, part, 'RecordAgeExceeded', why, invocation);
      return [];
    }
    await this.neighbours.pace.wait(pause, this.stopping.signal);
    return [{ ...part, retries: part.retries + 1, paused }];
  }

  /** Records that have become too old are given up, whether or not they were tried. */
  private async withoutOld(shard: string, part: Part): Promise<Part> {
    const { maxAgeSeconds } = this.settings;
    if (maxAgeSeconds < 0) return part;
    const oldest = Date.now() - this.neighbours.pace.scaled(maxAgeSeconds * 1000);
    const isOld = ({ arrival }: StreamRecord) => arrival.getTime() < oldest;
    const old = part.records.filter(isOld);
    if (old.length > 0) await this.giveUp(shard, { ...part, records: old }, 'RecordAgeExceeded', `older than ${maxAgeSeconds} s`);
    return { ...part, records: part.records.filter((record) => !isOld(record)) };
  }

  /** What is given up goes to the destination. */
  private async giveUp(shard: string, { records, invocations }: Part, condition: Condition, why: string, invocation?: Invocation) {
    const { onFailure, functionArn, source, witness, settled } = this.neighbours;
    const positions = numbersOf(records);
    const message = failureMessage({ records, invocations, condition, invocation, shard, functionArn, streamArn: source.arn });
    await onFailure?.(message, payloadOf(records));
    settled(positions);
    witness.answered({ positions, outcome: 'given up', why: onFailure ? why : `${why}, and there is no destination for it` });
  }
}

function numbersOf(records: readonly StreamRecord[]): string[] {
  return records.map(({ sequenceNumber }) => sequenceNumber);
}
