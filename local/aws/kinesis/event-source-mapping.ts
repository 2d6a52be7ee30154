import { readFailures } from '../lambda/batch-failures';
import type { Invocation, MappingContext, Poller } from '../site';
import { type PackedRecord, payloadOf } from './batch-payload';
import { type Condition, failureMessage } from './failure-message';
import { type BatchSettings, ShardReader } from './shard-reader';
import type { StreamRecord, StreamSource } from './stream';

/** The settings of the mapping in the template. */
export interface MappingSettings extends BatchSettings {
  readonly bisect: boolean;
  /** -1 is without a limit. */
  readonly maxRetries: number;
  /** -1 is until the stream deletes the record. */
  readonly maxAgeSeconds: number;
  readonly reportsFailures: boolean;
}

/** What the mapping uses. */
export interface StreamMappingContext extends MappingContext {
  readonly source: StreamSource;
  readonly functionArn: string;
  invoke(payload: string): Promise<Invocation>;
  /** Gets the records that are no longer retried. Without it, they are lost. */
  readonly onFailure?: (message: string, payload: string) => Promise<void>;
  /** Called with the records that will not be delivered again. */
  settled(sequenceNumbers: readonly string[]): void;
}

/** Which records of a batch succeeded: all, all before the record at `from`, or none, and why. */
type Result = 'all' | { readonly from: number } | { readonly why: string };

/** A part of a batch that is not finished. */
interface Part {
  readonly records: readonly PackedRecord[];
  readonly invocations: number;
  readonly retries: number;
  /** The sum of the pauses between its tries, in milliseconds. */
  readonly paused?: number;
}

const FIRST_PAUSE_MILLISECONDS = 1000;
const LONGEST_PAUSE_MILLISECONDS = 60_000;
/** A mapping can retry for days. After 75 minutes of pauses, which is longer than any fault of a run, the retries end here. */
const MOST_PAUSED_MILLISECONDS = 75 * 60 * 1000;

/**
 * Reads each shard in order, calls the function with batches, and retries what failed. It reads the next batch of a shard only
 * after all parts of the batch are finished.
 *
 * How Lambda counts retries of parts is not documented in full. Here a split is not counted as a retry, as documented, and each
 * part starts with the number of retries of its batch.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 */
export class EventSourceMapping implements Poller {
  private readonly stopping = new AbortController();
  private lanes: readonly Promise<void>[] = [];

  constructor(
    private readonly settings: MappingSettings,
    private readonly context: StreamMappingContext,
  ) {}

  async start(): Promise<void> {
    const shards = await this.context.source.shards();
    this.lanes = shards.map((shard) =>
      this.run(shard).catch((error: Error) => {
        if (!this.stopped) this.context.witness.incident(`${shard} is no longer read: ${error.message}`);
      }),
    );
  }

  /** Deliver no more records, and wait for the calls that are running. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.lanes);
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(shard: string): Promise<void> {
    const { source, pace } = this.context;
    const reader = new ShardReader(this.settings, source, shard, pace);
    while (!this.stopped) {
      const rest = await this.finish(shard, await reader.next(this.stopping.signal));
      reader.putBack(rest);
    }
  }

  /**
   * Deliver a batch until all its records are finished, in order.
   * @returns the records that belong to the next batch, if the batch was divided at another record
   */
  private async finish(shard: string, batch: readonly PackedRecord[]): Promise<readonly PackedRecord[]> {
    const parts: Part[] = [{ records: batch, invocations: 0, retries: 0 }];
    let rest: readonly PackedRecord[] = [];
    while (parts.length > 0 && !this.stopped) {
      const part = await this.dropOld(shard, parts.shift()!);
      if (part.records.length === 0) continue;
      const again = await this.deliver(shard, { ...part, invocations: part.invocations + 1 });
      // A mapping that restarts at its last checkpoint reads the records again, and can divide them into other batches.
      const [first, ...others] = again;
      const isAlone = first !== undefined && others.length === 0 && parts.length === 0;
      const cut = isAlone ? this.context.chaos.cut(first.records.length) : Number.POSITIVE_INFINITY;
      if (isAlone && cut < first.records.length) {
        rest = [...first.records.slice(cut), ...rest];
        parts.push({ ...first, records: first.records.slice(0, cut) });
      } else {
        parts.unshift(...again);
      }
    }
    return rest;
  }

  /** Call the function once. @returns the parts that must be delivered again */
  private async deliver(shard: string, part: Part): Promise<readonly Part[]> {
    const { witness, chaos, settled, invoke } = this.context;
    const positions = numbersOf(part.records);
    witness.delivered({ positions, attempt: part.invocations, from: shard });
    const invocation = await invoke(payloadOf(part.records));
    if (this.stopped) return [];

    const result = this.resultOf(invocation, part.records);
    if (result === 'all') {
      if (chaos.answer() === 'lost') {
        witness.answered({ positions, outcome: 'again', why: 'the answer was lost' });
        return [part];
      }
      settled(positions);
      witness.answered({ positions, outcome: 'settled' });
      return [];
    }
    if ('from' in result) return this.fromFailed(shard, part, result.from, invocation.requestId);
    return this.again(shard, part, result.why, invocation);
  }

  /** If several records are reported, all records from the lowest sequence number are delivered again. */
  private resultOf(invocation: Invocation, records: readonly PackedRecord[]): Result {
    if ('error' in invocation) return { why: invocation.error };
    if (!this.settings.reportsFailures) return 'all';
    const failed = readFailures(invocation.payload, numbersOf(records));
    if ('why' in failed) return failed;
    return failed.length === 0 ? 'all' : { from: Math.min(...failed) };
  }

  /** The function reported the first failed record: the records before it succeeded. */
  private async fromFailed(shard: string, part: Part, from: number, requestId: string): Promise<readonly Part[]> {
    const { witness, settled } = this.context;
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
    this.context.witness.answered({ positions: numbersOf(part.records), outcome: 'again', why });
    const middle = Math.ceil(part.records.length / 2);
    return [part.records.slice(0, middle), part.records.slice(middle)].map((records) => ({ ...part, records }));
  }

  private async retry(shard: string, part: Part, why: string, invocation: Invocation): Promise<readonly Part[]> {
    const { maxRetries } = this.settings;
    if (maxRetries >= 0 && part.retries >= maxRetries) {
      await this.giveUp(shard, part, 'RetryAttemptsExhausted', why, invocation);
      return [];
    }
    this.context.witness.answered({ positions: numbersOf(part.records), outcome: 'again', why });
    const pause = Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** part.retries, LONGEST_PAUSE_MILLISECONDS);
    const paused = (part.paused ?? 0) + pause;
    if (this.settings.maxAgeSeconds >= 0 && paused > MOST_PAUSED_MILLISECONDS) {
      this.context.witness.incident(
        `${shard}: Lambda would retry until the records are ${this.settings.maxAgeSeconds} s old; this run stops retrying now`,
      );
      await this.giveUp(shard, part, 'RecordAgeExceeded', why, invocation);
      return [];
    }
    await this.context.pace.wait(pause, this.stopping.signal);
    return [{ ...part, retries: part.retries + 1, paused }];
  }

  /** Records that are too old go to the destination, also if they were not tried. */
  private async dropOld(shard: string, part: Part): Promise<Part> {
    const { maxAgeSeconds } = this.settings;
    if (maxAgeSeconds < 0) return part;
    const oldest = Date.now() - this.context.pace.scaled(maxAgeSeconds * 1000);
    const isOld = ({ arrival }: StreamRecord) => arrival.getTime() < oldest;
    const old = part.records.filter(isOld);
    if (old.length > 0) await this.giveUp(shard, { ...part, records: old }, 'RecordAgeExceeded', `older than ${maxAgeSeconds} s`);
    return { ...part, records: part.records.filter((record) => !isOld(record)) };
  }

  /** End the retries: send the records to the destination. */
  private async giveUp(shard: string, { records, invocations }: Part, condition: Condition, why: string, invocation?: Invocation) {
    const { onFailure, functionArn, source, witness, settled } = this.context;
    const positions = numbersOf(records);
    const message = failureMessage({ records, invocations, condition, invocation, shard, functionArn, streamArn: source.arn });
    await onFailure?.(message, payloadOf(records));
    settled(positions);
    witness.answered({ positions, outcome: 'given up', why: onFailure ? why : `${why}, and the mapping has no destination` });
  }
}

function numbersOf(records: readonly StreamRecord[]): string[] {
  return records.map(({ sequenceNumber }) => sequenceNumber);
}
