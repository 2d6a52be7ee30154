import { setTimeout as sleep } from 'node:timers/promises';
import { REGION } from '../../template/cloudformation';
import { readFailures } from '../lambda/batch-failures';
import type { Invocation, MappingContext, Poller, Target } from '../site';
import { arnOfQueue, type Received } from './queue';
import { md5Of } from './sqs';

/** The settings of a mapping from a queue in the template. */
export interface QueueMappingSettings {
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** The number of concurrent batches. */
  readonly concurrency: number;
  readonly reportsFailures: boolean;
}

/** The queue that a mapping reads. */
export interface QueueSource {
  readonly name: string;
  /** Receive messages, which are hidden while the function works on them. */
  poll(most: number): Promise<readonly Received[]>;
  delete(receipt: string): Promise<void>;
  /** Start the visibility timeout of a failed message. */
  release(receipt: string): void;
}

interface Packed extends Received {
  readonly json: string;
}

/** The largest payload of a synchronous call. */
const PAYLOAD_BYTES = 6 * 1024 * 1024;
const AT_ONCE = 10;
const PAUSE_MILLISECONDS = 20;

/**
 * Polls a queue, calls the function with batches, and deletes messages that succeeded. A failed message is hidden until its
 * visibility timeout ends, and is then delivered again in another batch. The queue moves it to its dead-letter queue.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export class QueueMapping implements Poller {
  private readonly stopping = new AbortController();
  private lanes: readonly Promise<void>[] = [];

  constructor(
    private readonly settings: QueueMappingSettings,
    private readonly queue: QueueSource,
    private readonly target: Target,
    private readonly context: MappingContext,
  ) {}

  async start(): Promise<void> {
    this.lanes = Array.from({ length: this.settings.concurrency }, () =>
      this.run().catch((error: Error) => {
        if (!this.stopped) this.context.witness.incident(`${this.queue.name} is no longer read: ${error.message}`);
      }),
    );
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.lanes);
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const batch = await this.next();
      // With their attributes, six messages of the maximum size do not fit into one call.
      for (const part of fitting(batch)) await this.deliver(part);
    }
  }

  /** The next batch: full, or the messages that were received in the batch window. It is empty only after `stop`. */
  private async next(): Promise<readonly Packed[]> {
    const { batchSize, windowSeconds } = this.settings;
    const batch: Packed[] = [];
    let windowEnd = Number.POSITIVE_INFINITY;
    while (!this.stopped && batch.length < batchSize && Date.now() < windowEnd) {
      const found = await this.queue.poll(Math.min(AT_ONCE, batchSize - batch.length));
      batch.push(...found.map((message) => pack(message, this.queue.name)));
      if (batch.length > 0) windowEnd = Math.min(windowEnd, Date.now() + this.context.pace.scaled(windowSeconds * 1000));
      if (found.length === 0) await sleep(PAUSE_MILLISECONDS, undefined, { signal: this.stopping.signal }).catch(() => {});
    }
    return this.stopped ? [] : batch;
  }

  private async deliver(batch: readonly Packed[]): Promise<void> {
    const { witness, chaos } = this.context;
    const positions = batch.map(({ id }) => id);
    const attempt = Math.max(...batch.map(({ attributes }) => Number(attributes.ApproximateReceiveCount)));
    witness.delivered({ positions, attempt, from: this.queue.name });
    const invocation = await this.target.invoke(`{"Records":[${batch.map(({ json }) => json).join(',')}]}`);
    if (this.stopped) return;

    const failed = this.read(invocation, positions);
    if ('why' in failed) return this.again(batch, failed.why);
    if (chaos.answer() === 'lost') return this.again(batch, 'the answer was lost');
    const done = batch.filter((_, place) => !failed.includes(place));
    for (const { receipt } of done) await this.queue.delete(receipt);
    if (done.length > 0) witness.answered({ positions: done.map(({ id }) => id), outcome: 'settled' });
    const rest = batch.filter((_, place) => failed.includes(place));
    if (rest.length > 0) this.again(rest, 'the function reported failed messages');
  }

  private again(messages: readonly Packed[], why: string) {
    for (const { receipt } of messages) this.queue.release(receipt);
    this.context.witness.answered({ positions: messages.map(({ id }) => id), outcome: 'again', why });
  }

  private read(invocation: Invocation, ids: readonly string[]): readonly number[] | { readonly why: string } {
    if ('error' in invocation) return { why: invocation.error };
    return this.settings.reportsFailures ? readFailures(invocation.payload, ids) : [];
  }
}

/** A message in the format that the function gets. */
function pack(message: Received, queue: string): Packed {
  const { id, receipt, body, attributes, senders = {} } = message;
  const record = {
    messageId: id,
    receiptHandle: receipt,
    body,
    attributes,
    messageAttributes: Object.fromEntries(
      Object.entries(senders).map(([name, { DataType: dataType, StringValue: stringValue }]) => [name, { dataType, stringValue }]),
    ),
    md5OfBody: md5Of(body),
    eventSource: 'aws:sqs',
    eventSourceARN: arnOfQueue(queue),
    awsRegion: REGION,
  };
  return { ...message, json: JSON.stringify(record) };
}

/** Divide a batch into parts that fit into one call. */
function fitting(batch: readonly Packed[]): Packed[][] {
  const parts: Packed[][] = [];
  let left = 0;
  for (const message of batch) {
    const bytes = Buffer.byteLength(message.json) + 1;
    if (bytes > left || parts.length === 0) {
      parts.push([]);
      left = PAYLOAD_BYTES;
    }
    parts.at(-1)!.push(message);
    left -= bytes;
  }
  return parts;
}
