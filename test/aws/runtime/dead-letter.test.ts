import fc from 'fast-check';
import { deadLetterQueue, messagesOf } from '../../../aws/runtime/dead-letter';
import { type DeadLetter, deadLetter as letterOf } from '../../../shared/runtime/verdict';
import { CLIENT_ENVIRONMENT, deadLetterQueue as queue } from '../../support/aws-stand-ins';
import { payloadOf } from '../../support/settling';

/** What SQS takes in one message. */
const MESSAGE_BYTES = 1024 * 1024;
const position = { stream: 'events', sequenceNumber: '7' };

/** A message of the dead letter. A large payload comes in parts. */
type Message = DeadLetter & { readonly part?: number; readonly parts?: number };

/** The bytes that the messages of one letter hold together. */
function payloadOfAll(bodies: readonly string[]): Buffer {
  const parts = bodies.map((body): Message => JSON.parse(body));
  expect(parts.map(({ part }) => part ?? 1)).toEqual(Array.from({ length: parts[0]?.parts ?? 1 }, (_, index) => index + 1));
  return payloadOf({ ...parts[0]!, payload: parts.map(({ payload }) => payload).join('') });
}

test('a letter goes to the queue, with attributes where other messages lie in it too', async () => {
  const { messages, url, environment } = await queue();
  Object.assign(process.env, CLIENT_ENVIRONMENT, environment, { DEAD_LETTER_QUEUE_URL: url });
  const send = deadLetterQueue('DEAD_LETTER');
  const [small, large] = [Buffer.from('poison'), Buffer.alloc(300_000)].map((bytes) => letterOf(bytes, 'why', position));
  await send(small!);
  await send(large!, { kind: 'letter' });
  expect(messages[0]).toEqual({ QueueUrl: url, MessageBody: JSON.stringify(small) });
  const marked = { kind: { DataType: 'String', StringValue: 'letter' } };
  expect(messages.slice(1).map(({ MessageAttributes }) => MessageAttributes)).toEqual(messagesOf(large!).map(() => marked));
});

test.each([
  ['bytes that are no text', Buffer.alloc(MESSAGE_BYTES, 0xff)],
  ['control characters', Buffer.alloc(MESSAGE_BYTES, 0)],
  ['quotes', Buffer.alloc(MESSAGE_BYTES, '"')],
  ['letters', Buffer.alloc(MESSAGE_BYTES, 'é')],
  ['letters, just too many for one message', Buffer.alloc(900_000, 'x')],
  ['a record of 10 MiB', Buffer.alloc(10 * MESSAGE_BYTES, 'x')],
])('1 MiB of %s fit into messages, and can be put together again', (_, bytes) => {
  const bodies = messagesOf(letterOf(bytes, 'x'.repeat(1000), position));
  expect(bodies.length).toBeGreaterThan(1);
  expect(bodies.filter((body) => Buffer.byteLength(body) >= MESSAGE_BYTES / 4)).toHaveLength(0);
  expect(payloadOfAll(bodies).equals(bytes)).toBe(true);
});

test('messages hold only characters that SQS keeps as they are', () =>
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.oneof(
          fc.string({ unit: 'binary', maxLength: 1 }),
          fc.constantFrom('\u0000', '\u001f', '\u007f', '\ufffe', '\uffff', '\ufffd'),
        ),
      }),
      (text) => {
        const bytes = Buffer.from(`bad ${text}`);
        const bodies = messagesOf(letterOf(bytes, 'why', position));
        expect(bodies.join()).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
        expect(payloadOfAll(bodies).equals(bytes)).toBe(true);
      },
    ),
  ));
