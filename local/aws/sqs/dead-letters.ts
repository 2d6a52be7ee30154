import type { Letter } from '../../platform';
import { isRecord } from '../../template/stack';
import { many } from '../../text';
import type { LookUp } from '../site';
import type { Message } from './sqs';

/** Where records stand that Lambda gave up. */
interface Place {
  readonly streamArn: string;
  readonly shardId: string;
  readonly startSequenceNumber: string;
  readonly endSequenceNumber: string;
}

/**
 * Makes events out of the messages of a dead letter. What the handler wrote holds the event, whole or in parts; what Lambda
 * wrote holds its position, and the event is looked up in the stream; what another queue gave up is the event itself.
 */
export class DeadLetters {
  private readonly parts = new Map<string, Map<number, string>>();

  /** @param lookUps by the ARN of a stream */
  constructor(private readonly lookUps: ReadonlyMap<string, LookUp>) {}

  /** The events that a message completes. */
  async read({ body, file, redriven }: Message): Promise<readonly Letter[]> {
    if (redriven)
      return [{ bytes: Buffer.from(body), reason: `received ${many(redriven.receives, 'time')}, and never processed`, place: file }];
    const message = parsed(body);
    if (isRecord(message?.KinesisBatchInfo)) return this.fromPosition(message, message.KinesisBatchInfo as unknown as Place, file);
    const { payload, encoding, reason } = message ?? {};
    if (typeof payload !== 'string' || typeof reason !== 'string') {
      return [{ bytes: Buffer.from(body), reason: 'the message is neither of the handler nor of Lambda', place: file }];
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
