import { type MessageAttributeValue, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { each } from '../../shared/runtime/objects';
import { setting } from '../../shared/runtime/setting';
import type { DeadLetter } from '../../shared/runtime/verdict';
import { requestHandler } from './requests';

/** Send a letter to the dead letter, with attributes where the queue holds other messages too. */
export type SendLetter = (letter: DeadLetter, attributes?: Readonly<Record<string, string>>) => Promise<void>;

/** Every queue takes 256 KiB; this leaves room for the reason and the position. */
const MESSAGE_CHARACTERS = 240_000;

/** The queue that the settings of a binding name. */
export function deadLetterQueue(name: string): SendLetter {
  const sqs = new SQSClient({ requestHandler });
  const queueUrl = setting(`${name}_QUEUE_URL`);
  return async (letter, attributes) => {
    const MessageAttributes = attributes && Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, textOf(value)]));
    await each(messagesOf(letter), async (body) => {
      await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body, MessageAttributes }));
    });
  };
}

function textOf(value: string): MessageAttributeValue {
  return { DataType: 'String', StringValue: value };
}

/** One message, or as many as a large payload takes: then each holds a part of it in base64. */
export function messagesOf(letter: DeadLetter): string[] {
  const whole = jsonOf(letter);
  if (Buffer.byteLength(whole) <= MESSAGE_CHARACTERS) return [whole];
  const base64 = letter.encoding === 'base64' ? letter.payload : Buffer.from(letter.payload).toString('base64');
  const parts = Math.ceil(base64.length / MESSAGE_CHARACTERS);
  return Array.from({ length: parts }, (_, part) =>
    jsonOf({
      ...letter,
      encoding: 'base64',
      payload: base64.slice(part * MESSAGE_CHARACTERS, (part + 1) * MESSAGE_CHARACTERS),
      part: part + 1,
      parts,
    }),
  );
}

/** SQS takes every character but these two and those that JSON escapes anyhow. */
function jsonOf(letter: DeadLetter & { readonly part?: number; readonly parts?: number }): string {
  return JSON.stringify(letter).replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
