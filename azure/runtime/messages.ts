import type { InvocationContext } from '@azure/functions';
import type { Transform } from '../../shared/runtime/event';
import { hourFolder } from '../../shared/runtime/objects';
import type { Sink, SourceRecord } from '../../shared/runtime/sink';
import { type DeadLetter, inOneLine, judge, deadLetter as letterOf } from '../../shared/runtime/verdict';
import type { SendLetters } from './dead-letter';

/** What processes the messages of a queue. Each call can be repeated. */
export interface Processor {
  /**
   * Process one message.
   * @returns the dead letters of what can never be processed
   * @throws Error on any other fault: the message is retried
   */
  readonly process: (message: Message) => Promise<readonly DeadLetter[]>;
  readonly deadLetter: SendLetters;
}

/** What a source calls whose messages are events. Each call can be repeated. */
export interface MessagesProps<Stored> {
  readonly transform: Transform;
  readonly sink: Sink<Stored>;
  readonly deadLetter: SendLetters;
}

/** One message of a queue. */
export interface Message {
  readonly record: SourceRecord;
  /** The name of its lot and of its dead letter: the same at every delivery, and unique among all queues. */
  readonly name: string;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
}

/** How the messages of a queue are read. */
export interface Reading {
  /** @returns nothing if the host passed no position, time or count */
  readonly messageOf: (body: unknown, metadata: Readonly<Record<string, unknown>>) => Message | undefined;
  /** How often a message that cannot be stored is retried before it goes to the dead letter. */
  readonly maxRetries: number;
  /**
   * Wait before a failed message goes back to the queue.
   * @default - no wait: the queue itself waits before it delivers the message again
   */
  readonly pause?: (deliveries: number) => Promise<unknown>;
}

/** A message that is not settled. The queue delivers it again. */
export class MessageFailed extends Error {
  override readonly name = 'MessageFailed';
}

/** Timeout of the write of a message, and then of its dead letter. */
const TIMEOUT_MS = 90 * 1000;

/**
 * So often a message is delivered after its last try, and processed all the same: the acknowledgement may have been lost, or the
 * process may have ended because of another message. After that, it goes to the dead letter unread.
 */
const MAX_CRASHES = 3;

/**
 * A handler for queues that deliver one message in each call. Each message succeeds or fails alone.
 *
 * What can never be processed goes to the dead letter at once. After any other error, the message goes back to the queue. On the last
 * try, a message that cannot be processed goes to the dead letter, with the reason. If the dead letter cannot be written either, the
 * message goes back to the queue, and each further try starts with the store.
 *
 * A message that ends the process is delivered again too. After its last try and three more deliveries it goes to the dead letter
 * without being processed.
 */
export function messageHandler(
  { process, deadLetter }: Processor,
  { messageOf, maxRetries, pause }: Reading,
): (body: unknown, context: InvocationContext) => Promise<void> {
  return async (body, context) => {
    const message = messageOf(body, context.triggerMetadata ?? {});
    if (message === undefined) throw new MessageFailed('The host passed a message without its position, its time or its count.');
    const { record, name, deliveries } = message;
    try {
      const letters = await lettersOf(message);
      if (letters.length > 0) await deadLetter(`${hourFolder(record.arrived)}/${name}`, letters, AbortSignal.timeout(TIMEOUT_MS));
      context.info('Message settled.', { deadLetters: letters.length });
    } catch (error) {
      await pause?.(deliveries);
      throw new MessageFailed(`${name} failed at delivery ${deliveries}: ${inOneLine(error)}. It stays in the queue.`, { cause: error });
    }
  };

  async function lettersOf(message: Message): Promise<readonly DeadLetter[]> {
    const { deliveries } = message;
    if (deliveries > maxRetries + 1 + MAX_CRASHES) return [wholeLetter(message, `Delivered ${deliveries} times, and never settled.`)];
    try {
      return await process(message);
    } catch (error) {
      if (deliveries <= maxRetries) throw error;
      return [wholeLetter(message, `Not stored: ${inOneLine(error)}`)];
    }
  }
}

/** Processes a message that is an event: it is one lot. */
export function eventProcessor<Stored>({ transform, sink, deadLetter }: MessagesProps<Stored>): Processor {
  return {
    deadLetter,
    process: async (message) => {
      const { record, name } = message;
      const verdict = judge(record.bytes, transform, (row, event, index) => sink.encode(row, event, index));
      if ('reason' in verdict) return [wholeLetter(message, verdict.reason)];
      if (verdict.rows.length === 0) return [];
      const lot = { name, arrived: record.arrived, made: verdict.rows.map((stored) => ({ stored, record })) };
      const refusals = await sink.write(lot, AbortSignal.timeout(TIMEOUT_MS));
      return refusals.slice(0, 1).map(({ reason }) => wholeLetter(message, reason));
    },
  };
}

/** A dead letter with the whole message. */
export function wholeLetter({ record }: Message, reason: string, at: DeadLetter['position'] = {}): DeadLetter {
  return letterOf(record.bytes, reason, { ...record.position, ...at, enqueued: record.arrived.toISOString() });
}
