import type { Letter } from '../../platform';
import { isRecord } from '../../template/stack';
import type { BatchInfo } from '../kinesis/failure-message';
import type { StreamRecord } from '../kinesis/stream';
import type { Message } from './sqs';

/** Finds records by their place in the stream. */
export type LookUp = (shard: string, first: string, last: string) => Promise<readonly StreamRecord[]>;

/**
 * Makes events out of the messages of a dead letter. What the handler wrote holds the event, whole or in parts; what Lambda
 * wrote holds its position, and the event is looked up in the stream.
 */
export class DeadLetters {
  private readonly parts = new Map<string, Map<number, string>>();

  constructor(private readonly lookUp: LookUp) {}

  /** The events that a message completes. */
  async read({ body, file }: Message): Promise<readonly Letter[]> {
    const message = parsed(body);
    if (isRecord(message?.KinesisBatchInfo)) return this.fromPosition(message, message.KinesisBatchInfo as unknown as BatchInfo, file);
    const { payload, encoding, reason } = message ?? {};
    if (typeof payload !== 'string' || typeof reason !== 'string') {
      return [{ bytes: Buffer.from(body), reason: 'the message is neither of the handler nor of Lambda', place: file }];
    }
    const whole = message?.parts === undefined ? payload : this.whole(message, payload);
    return whole === undefined ? [] : [{ bytes: Buffer.from(whole, encoding === 'base64' ? 'base64' : 'utf8'), reason, place: file }];
  }

  private async fromPosition(message: Readonly<Record<string, unknown>>, batch: BatchInfo, place: string): Promise<readonly Letter[]> {
    const context = isRecord(message.requestContext) ? message.requestContext : {};
    const reason = `${context.condition} after ${context.approximateInvokeCount} calls`;
    const records = await this.lookUp(batch.shardId, batch.startSequenceNumber, batch.endSequenceNumber);
    return records.map(({ data }) => ({ bytes: data, reason, place }));
  }

  /** The payload, as soon as its last missing part is there. */
  private whole(message: Readonly<Record<string, unknown>>, payload: string): string | undefined {
    const position = JSON.stringify(message.position);
    const parts = this.parts.get(position) ?? new Map<number, string>();
    this.parts.set(position, parts.set(Number(message.part), payload));
    if (parts.size < Number(message.parts)) return undefined;
    this.parts.delete(position);
    return [...parts]
      .sort(([a], [b]) => a - b)
      .map(([, part]) => part)
      .join('');
  }
}

function parsed(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
