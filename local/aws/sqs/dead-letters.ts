import type { Letter } from '../../platform';
import { isRecord } from '../../template/stack';
import { many } from '../../text';
import type { LookUp } from '../site';
import type { Message } from './sqs';

/** The position of records that Lambda no longer retries. */
interface Place {
  readonly streamArn: string;
  readonly shardId: string;
  readonly startSequenceNumber: string;
  readonly endSequenceNumber: string;
}

/**
 * Reads the events in the messages of a dead-letter queue. A message from the handler contains the event, whole or in parts. A
 * message from Lambda contains its position, and the event is looked up in the stream. A message that was moved from another
 * queue is the event itself.
 */
export class DeadLetters {
  private readonly parts = new Map<string, Map<number, string>>();

  /** @param lookUps by the ARN of a stream */
  constructor(private readonly lookUps: ReadonlyMap<string, LookUp>) {}

  /** The events in a message. An event in parts is returned with its last part. */
  async read({ body, file, redriven }: Message): Promise<readonly Letter[]> {
    if (redriven)
      return [{ bytes: Buffer.from(body), reason: `received ${many(redriven.receives, 'time')}, and never processed`, place: file }];
    const message = parsed(body);
    if (isRecord(message?.KinesisBatchInfo)) return this.fromPosition(message, message.KinesisBatchInfo as unknown as Place, file);
    const { payload, encoding, reason } = message ?? {};
    if (typeof payload !== 'string' || typeof reason !== 'string') {
      return [{ bytes: Buffer.from(body), reason: 'the message is not from the handler or from Lambda', place: file }];
    }
    const whole = message?.parts === undefined ? payload : this.whole(message, payload);
    return whole === undefined ? [] : [{ bytes: Buffer.from(whole, encoding === 'base64' ? 'base64' : 'utf8'), reason, place: file }];
  }

  private async fromPosition(message: Readonly<Record<string, unknown>>, batch: Place, place: string): Promise<readonly Letter[]> {
    const context = isRecord(message.requestContext) ? message.requestContext : {};
    const reason = `${context.condition} after ${many(Number(context.approximateInvokeCount), 'call')}`;
    const lookUp = this.lookUps.get(batch.streamArn);
    const records = (await lookUp?.(batch.shardId, batch.startSequenceNumber, batch.endSequenceNumber)) ?? [];
    return records.map(({ data }) => ({ bytes: data, reason, place }));
  }

  /** The payload, if all its parts were read. */
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
