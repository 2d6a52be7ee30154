import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Chaos } from '../../chaos';
import type { Pace } from '../../pace';
import type { Witness } from '../../platform';
import { ACCOUNT, REGION } from '../../template/cloudformation';
import type { Target, Writers } from '../site';
import { type FailedRecord, failedObject } from './failed';
import { expand } from './prefix';
import type { BufferedRecord } from './record';
import type { DeliverySettings } from './settings';

/** What a delivery stream uses. */
export interface DeliveryContext {
  readonly pace: Pace;
  readonly chaos: Chaos;
  readonly witness: Pick<Witness, 'delivered' | 'answered' | 'incident'>;
  /** The address of S3. */
  readonly s3: string;
  readonly transform?: Target;
  /** Called with the ids of records that were stored, dropped or failed. */
  settled(ids: readonly string[]): void;
}

const MIB = 1024 ** 2;
const LOOK_MILLISECONDS = 10;
const RETRY_MILLISECONDS = 5000;
/** The access key id of its requests to S3. */
export const ACCESS_KEY = 'LOCALFIREHOSE';

export function arnOfDelivery(name: string): string {
  return `arn:aws:firehose:${REGION}:${ACCOUNT}:deliverystream/${name}`;
}

/**
 * A delivery stream: it calls the transform function with records, buffers what comes back until the size or the interval is
 * reached, and writes an object. A failed write is repeated with the same content until it succeeds, under a new random id.
 * @see https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
 */
export class Delivery implements Writers {
  private readonly arrived: BufferedRecord[] = [];
  private readonly processed: BufferedRecord[] = [];
  private readonly failed: FailedRecord[] = [];
  /** Writes that are running: S3 may let one hang, as if its connection were lost. */
  private readonly writing = new Set<AbortController>();
  private readonly stopping = new AbortController();
  private loops: readonly Promise<void>[] = [];
  private version = 0;

  constructor(
    private readonly settings: DeliverySettings,
    private readonly context: DeliveryContext,
  ) {}

  start() {
    const { transform } = this.settings;
    const loop = (work: () => Promise<void>) =>
      work().catch((error: Error) => {
        if (!this.stopped) this.context.witness.incident(`${this.settings.name} delivers no more: ${error.message}`);
      });
    this.loops = [...(transform ? [loop(() => this.transformAll())] : []), loop(() => this.deliverAll())];
  }

  /** A record of a sender, or of the stream that it reads. */
  put(record: BufferedRecord) {
    (this.settings.transform ? this.arrived : this.processed).push(record);
  }

  async kill(accessKeyId: string): Promise<void> {
    this.stall(accessKeyId);
  }

  /** It has no time limit of its own, so a write without a response is repeated at once. */
  stall(accessKeyId: string) {
    if (accessKeyId === ACCESS_KEY) for (const write of this.writing) write.abort();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    for (const write of this.writing) write.abort();
    await Promise.all(this.loops);
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async transformAll(): Promise<void> {
    const { sizeMiB, intervalSeconds } = this.settings.transform!;
    while (!this.stopped) {
      const batch = await this.collect(this.arrived, sizeMiB, intervalSeconds);
      if (batch.length > 0) await this.transform(batch);
    }
  }

  private async deliverAll(): Promise<void> {
    const { sizeMiB, intervalSeconds } = this.settings;
    while (!this.stopped) {
      const batch = await this.collect(this.processed, sizeMiB, intervalSeconds);
      if (batch.length > 0) await this.deliver(batch);
      if (this.failed.length > 0) await this.deliverFailed();
    }
  }

  /** Waits until a buffer has its size, or for the interval after its first record. Failed records are written meanwhile. */
  private async collect(buffer: BufferedRecord[], sizeMiB: number, intervalSeconds: number): Promise<BufferedRecord[]> {
    const wait = this.context.pace.scaled(intervalSeconds * 1000);
    let end = Number.POSITIVE_INFINITY;
    while (!this.stopped) {
      const isOwn = buffer === this.processed;
      if (buffer.length > 0 || (isOwn && this.failed.length > 0)) end = Math.min(end, Date.now() + wait);
      if (sizeOf(buffer) >= sizeMiB * MIB || Date.now() >= end) break;
      await sleep(LOOK_MILLISECONDS, undefined, { signal: this.stopping.signal }).catch(() => {});
    }
    return this.stopped ? [] : buffer.splice(0, fitting(buffer, sizeMiB * MIB));
  }

  private async transform(batch: readonly BufferedRecord[]): Promise<void> {
    const { witness, chaos, transform, pace } = this.context;
    const { retries } = this.settings.transform!;
    const positions = batch.map(({ id }) => id);
    const payload = JSON.stringify({
      invocationId: randomUUID(),
      deliveryStreamArn: arnOfDelivery(this.settings.name),
      region: REGION,
      records: batch.map(({ id, data, arrived }) => ({
        recordId: id,
        approximateArrivalTimestamp: arrived.getTime(),
        data: data.toString('base64'),
      })),
    });
    let why = '';
    for (let attempt = 1; attempt <= retries + 1 && !this.stopped; attempt++) {
      witness.delivered({ positions, attempt, from: this.settings.name });
      const invocation = await transform!.invoke(payload);
      if (this.stopped) return;
      const outcomes = 'payload' in invocation ? outcomesOf(invocation.payload, batch) : invocation.error;
      if (typeof outcomes !== 'string' && chaos.answer() === 'heard') return this.take(batch, outcomes);
      why = typeof outcomes === 'string' ? outcomes : 'the answer was lost';
      witness.answered({ positions, outcome: 'again', why });
      await pace.wait(RETRY_MILLISECONDS, this.stopping.signal);
    }
    if (this.stopped) return;
    witness.answered({ positions, outcome: 'given up', why });
    this.failed.push(...batch.map((record) => ({ record, code: 'Lambda.FunctionError', message: why, attempts: retries + 1 })));
  }

  private take(batch: readonly BufferedRecord[], outcomes: ReadonlyMap<string, Outcome>) {
    const dropped: string[] = [];
    for (const record of batch) {
      const { result, data } = outcomes.get(record.id)!;
      if (result === 'Ok') this.processed.push({ ...record, data: Buffer.from(data, 'base64') });
      else if (result === 'Dropped') dropped.push(record.id);
      else
        this.failed.push({ record, code: 'Lambda.ProcessingFailedStatus', message: 'ProcessingFailed status set for record', attempts: 1 });
    }
    const settled = batch.map(({ id }) => id);
    this.context.witness.answered({ positions: settled, outcome: 'settled' });
    if (dropped.length > 0) this.context.settled(dropped);
  }

  private async deliver(batch: readonly BufferedRecord[]): Promise<void> {
    const { compressed, delimited, prefix, extension } = this.settings;
    const ends = Buffer.from(delimited ? '\n' : '');
    const content = Buffer.concat(batch.flatMap(({ data }) => [data, ends]));
    await this.write(expand(prefix, oldest(batch)), compressed ? gzipSync(content) : content, extension);
    this.context.settled(batch.map(({ id }) => id));
  }

  private async deliverFailed(): Promise<void> {
    const failed = this.failed.splice(0);
    const records = failed.map(({ record }) => record);
    const content = failedObject(failed, this.context.transform?.arn);
    await this.write(expand(this.settings.errorPrefix, oldest(records), 'processing-failed'), content, '');
    this.context.settled(records.map(({ id }) => id));
  }

  /** The name of an object has a random id, so a repeated write whose response was lost makes a second object. */
  private async write(prefix: string, content: Buffer, extension: string): Promise<void> {
    const bucket = this.settings.bucketArn.split(':::')[1]!;
    this.version += 1;
    while (!this.stopped) {
      const day = new Date().toISOString().slice(0, 19).replace(/[T:]/g, '-');
      const key = `${prefix}${this.settings.name}-${this.version}-${day}-${randomUUID()}${extension}`;
      const url = `${this.context.s3}/${[bucket, ...key.split('/')].map(encodeURIComponent).join('/')}`;
      const write = new AbortController();
      this.writing.add(write);
      const authorization = `AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/day/${REGION}/s3/aws4_request`;
      const body = new Uint8Array(content);
      const status = await fetch(url, { method: 'PUT', body, headers: { authorization }, signal: write.signal }).then(
        (answer) => answer.status,
        () => 0,
      );
      this.writing.delete(write);
      if (status === 200 || this.stopped) return;
      this.context.witness.incident(`${this.settings.name} writes an object again: ${status === 0 ? 'no response' : `HTTP ${status}`}`);
      await this.context.pace.wait(RETRY_MILLISECONDS, this.stopping.signal);
    }
  }
}

interface Outcome {
  readonly result: string;
  readonly data: string;
}

/** The outcome of each record by its id, or why the response is not valid: each record must be in it once. */
function outcomesOf(payload: string, batch: readonly BufferedRecord[]): ReadonlyMap<string, Outcome> | string {
  try {
    const { records }: { records: readonly (Outcome & { readonly recordId: string })[] } = JSON.parse(payload);
    const outcomes = new Map(records.map((one) => [one.recordId, one]));
    const isWhole = outcomes.size === records.length && batch.every(({ id }) => outcomes.has(id)) && records.length === batch.length;
    return isWhole ? outcomes : 'the response does not have each record once';
  } catch {
    return 'the response is not valid';
  }
}

function sizeOf(records: readonly BufferedRecord[]): number {
  return records.reduce((sum, { data }) => sum + data.length, 0);
}

/** How many records fit into a size: at least one. */
function fitting(records: readonly BufferedRecord[], bytes: number): number {
  let [count, sum] = [0, 0];
  for (const { data } of records) {
    sum += data.length;
    if (sum > bytes) break;
    count += 1;
  }
  return Math.max(1, count);
}

function oldest(records: readonly BufferedRecord[]): Date {
  return new Date(Math.min(...records.map(({ arrived }) => arrived.getTime())));
}
