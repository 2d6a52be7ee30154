import { setTimeout } from 'node:timers/promises';
import { type SendMessageBatchRequestEntry as Entry, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { each } from '../../shared/runtime/objects';
import { setting } from '../../shared/runtime/setting';
import type { DeadLetter } from '../../shared/runtime/verdict';
import { CLIENT } from './requests';

/** Options of a send. */
export interface Sending {
  /** Message attributes, which tell these messages from others in the queue. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Aborts requests before the function times out. */
  readonly signal?: AbortSignal;
}

/**
 * Send records to the dead-letter queue.
 * @throws Error if SQS did not accept one of them. Others may be in the queue, and are sent again when their batch is retried: they
 * have the same position
 */
export type SendLetters = (letters: readonly DeadLetter[], sending?: Sending) => Promise<void>;

/**
 * The maximum size of the payload in one message. Every queue accepts messages of 256 KiB, and some accept more. The rest is for
 * the reason, the position and attributes.
 */
const PAYLOAD_CHARACTERS = 240_000;

/** The limits of one SendMessageBatch request. */
const [CALL_MESSAGES, CALL_BYTES] = [10, 256 * 1024];

/** How often messages are sent if SQS accepts only a part of a request. */
const TRIES = 4;

/**
 * A function that sends to the queue of a binding.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export function deadLetterQueue(name: string): SendLetters {
  const queueUrl = setting(`${name}_QUEUE_URL`);
  // The client signs for its own region, so it must be the region of the queue.
  const region = /\bsqs(?:-fips)?\.([a-z0-9-]+)\./.exec(queueUrl)?.[1];
  const sqs = new SQSClient(region ? { ...CLIENT, region } : CLIENT);

  async function send(entries: readonly Entry[], abortSignal?: AbortSignal): Promise<void> {
    let left = [...entries];
    for (let tries = 1; left.length > 0; tries++) {
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: left });
      // A request can succeed although messages in it failed.
      const { Failed = [] } = await sqs.send(command, { abortSignal });
      left = left.filter(({ Id }) => Failed.some((failed) => failed.Id === Id));
      if (left.length === 0) return;
      const [{ Code, Message } = {}] = Failed;
      if (tries === TRIES) throw new Error(`SQS did not accept ${left.length} dead letters. First error: ${Code}: ${Message}`);
      await setTimeout(100 * 2 ** tries, undefined, { signal: abortSignal });
    }
  }

  return (letters, { attributes = {}, signal } = {}) => {
    const texts = Object.entries(attributes).map(([key, StringValue]) => [key, { DataType: 'String', StringValue }]);
    const MessageAttributes = texts.length > 0 ? Object.fromEntries(texts) : undefined;
    const messages = letters.flatMap(messagesOf).map((MessageBody, index) => ({ Id: `${index}`, MessageBody, MessageAttributes }));
    return each(callsOf(messages), (entries) => send(entries, signal));
  };
}

/** Divides messages into requests, within the limits of SQS. */
function callsOf(messages: readonly Entry[]): Entry[][] {
  const calls: Entry[][] = [];
  let room = 0;
  for (const message of messages) {
    const bytes = Buffer.byteLength(message.MessageBody!) + Buffer.byteLength(JSON.stringify(message.MessageAttributes ?? {}));
    if (bytes > room || calls.at(-1)?.length === CALL_MESSAGES) {
      calls.push([]);
      room = CALL_BYTES;
    }
    calls.at(-1)!.push(message);
    room -= bytes;
  }
  return calls;
}

/** One message, or several for a large payload: then each has a part of the payload in base64, and the reason. */
export function messagesOf(letter: DeadLetter): string[] {
  const whole = jsonOf(letter);
  if (Buffer.byteLength(whole) <= PAYLOAD_CHARACTERS) return [whole];
  const base64 = letter.encoding === 'base64' ? letter.payload : Buffer.from(letter.payload).toString('base64');
  const parts = Math.ceil(base64.length / PAYLOAD_CHARACTERS);
  return Array.from({ length: parts }, (_, part) =>
    jsonOf({
      ...letter,
      encoding: 'base64',
      payload: base64.slice(part * PAYLOAD_CHARACTERS, (part + 1) * PAYLOAD_CHARACTERS),
      part: part + 1,
      parts,
    }),
  );
}

/** SQS refuses these two characters. JSON already escapes the others that it refuses. */
function jsonOf(letter: DeadLetter & { readonly part?: number; readonly parts?: number }): string {
  return JSON.stringify(letter).replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
