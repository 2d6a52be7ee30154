import { setTimeout } from 'node:timers/promises';
import { type SendMessageBatchRequestEntry as Entry, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { each } from '../../shared/runtime/objects';
import { setting } from '../../shared/runtime/setting';
import type { DeadLetter } from '../../shared/runtime/verdict';
import { CLIENT } from './requests';

/** How letters are sent. */
export interface Sending {
  /** Attributes of each message, where the queue holds other messages too. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Ends a call that gets no answer. */
  readonly signal?: AbortSignal;
}

/**
 * Send letters to the dead letter.
 * @throws Error when one of them was not taken. Others may lie there, and come again with their batch: their position tells.
 */
export type SendLetters = (letters: readonly DeadLetter[], sending?: Sending) => Promise<void>;

/**
 * What the payload of one message takes. Every queue takes 256 KiB, some more, and this leaves room for the reason, the
 * position and attributes.
 */
const PAYLOAD_CHARACTERS = 240_000;

/** What one call takes, everywhere. */
const [CALL_MESSAGES, CALL_BYTES] = [10, 256 * 1024];

/** How often a call is made for messages that SQS does not take, beside others that it does. */
const TRIES = 4;

/**
 * The queue that the settings of a binding name.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export function deadLetterQueue(name: string): SendLetters {
  const queueUrl = setting(`${name}_QUEUE_URL`);
  // A client signs for its own region, whatever the address of the queue says.
  const region = /\bsqs(?:-fips)?\.([a-z0-9-]+)\./.exec(queueUrl)?.[1];
  const sqs = new SQSClient(region ? { ...CLIENT, region } : CLIENT);

  async function send(entries: readonly Entry[], abortSignal?: AbortSignal): Promise<void> {
    let left = [...entries];
    for (let tries = 1; left.length > 0; tries++) {
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: left });
      // An answer that a call went well says nothing of its messages.
      const { Failed = [] } = await sqs.send(command, { abortSignal });
      left = left.filter(({ Id }) => Failed.some((failed) => failed.Id === Id));
      if (left.length === 0) return;
      const [{ Code, Message } = {}] = Failed;
      if (tries === TRIES) throw new Error(`${left.length} letters were not taken by the queue, the first for ${Code}: ${Message}`);
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

/** Messages, as many for each call as it takes. */
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

/** One message, or as many as a large payload takes: then each holds a part of it in base64, with the reason before it. */
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

/** SQS takes every character but these two and those that JSON escapes anyhow. */
function jsonOf(letter: DeadLetter & { readonly part?: number; readonly parts?: number }): string {
  return JSON.stringify(letter).replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
