import { setTimeout as sleep } from 'node:timers/promises';
import type { Pace } from '../../pace';
import { REGION } from '../../template/cloudformation';
import { fitting, type PackedRecord, pack } from './batch-payload';
import type { StreamRecord, StreamSource } from './stream';

/** The maximum size of a batch, and the batch window. */
export interface BatchSettings {
  readonly batchSize: number;
  readonly windowSeconds: number;
}

/** Lambda polls a shard once a second. Here, the interval is not shorter than a poll takes. */
const POLL_MILLISECONDS = 1000;
const SHORTEST_POLL_MILLISECONDS = 100;

/** Reads one shard in order, and returns batches: full ones, or smaller ones at the end of the batch window. */
export class ShardReader {
  private readonly held: PackedRecord[] = [];
  private last?: string;

  constructor(
    private readonly settings: BatchSettings,
    private readonly source: StreamSource,
    private readonly shard: string,
    private readonly pace: Pace,
  ) {}

  /** The next batch, of at least one record. It is empty only if `signal` is aborted. */
  async next(signal: AbortSignal): Promise<readonly PackedRecord[]> {
    const { batchSize, windowSeconds } = this.settings;
    let windowEnd = Number.POSITIVE_INFINITY;
    while (!signal.aborted && !this.isFull()) {
      const found = await this.read(batchSize - this.held.length);
      if (this.held.length > 0) windowEnd = Math.min(windowEnd, Date.now() + this.pace.scaled(windowSeconds * 1000));
      if (this.isFull() || Date.now() >= windowEnd) break;
      if (found > 0) continue;
      const pause = Math.max(this.pace.scaled(POLL_MILLISECONDS), SHORTEST_POLL_MILLISECONDS);
      await sleep(Math.min(pause, windowEnd - Date.now()), undefined, { signal }).catch(() => {});
    }
    return signal.aborted ? [] : this.held.splice(0, fitting(this.held, batchSize));
  }

  /** Put records back, before those that are read next. */
  putBack(records: readonly PackedRecord[]) {
    this.held.unshift(...records);
  }

  private async read(limit: number): Promise<number> {
    const found = await this.source.read(this.shard, this.last, limit);
    this.last = found.at(-1)?.sequenceNumber ?? this.last;
    const jsonOf = (record: StreamRecord) => this.source.jsonOf?.(record);
    const origin = { shard: this.shard, streamArn: this.source.arn, region: REGION, jsonOf };
    this.held.push(...found.map((record) => pack(record, origin)));
    return found.length;
  }

  /** Whether the next batch is full, so that there is no reason to wait. */
  private isFull(): boolean {
    const { batchSize } = this.settings;
    return this.held.length >= batchSize || fitting(this.held, batchSize) < this.held.length;
  }
}
