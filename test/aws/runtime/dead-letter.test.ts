import { SQSClient } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { deadLetterQueue, messagesOf, type Sending } from '../../../aws/runtime/dead-letter';
import { type DeadLetter, deadLetter as letterOf } from '../../../shared/runtime/verdict';
import { CLIENT_ENVIRONMENT, deadLetterQueue as queue, type SentMessage } from '../../support/aws-stand-ins';
import { payloadOf } from '../../support/settling';

/** The maximum size of a message of SQS. */
const MESSAGE_BYTES = 1024 * 1024;
const position = { stream: 'events', sequenceNumber: '7' };

/** A message of the dead letter. A large payload is in several parts. */
type Message = DeadLetter & { readonly part?: number; readonly parts?: number };

/** The payload of one dead letter, joined from its messages. */
function payloadOfAll(bodies: readonly string[]): Buffer {
  const parts = bodies.map((body): Message => JSON.parse(body));
  expect(parts.map(({ part }) => part ?? 1)).toEqual(Array.from({ length: parts[0]?.parts ?? 1 }, (_, index) => index + 1));
  return payloadOf({ ...parts[0]!, payload: parts.map(({ payload }) => payload).join('') });
}

/** Sends dead letters to a queue. */
async function send(letters: readonly DeadLetter[], { refuses, ...sending }: Sending & { refuses?: Parameters<typeof queue>[0] } = {}) {
  const { messages, url, environment } = await queue(refuses);
  Object.assign(process.env, CLIENT_ENVIRONMENT, environment, { DEAD_LETTER_QUEUE_URL: url });
  const sent = await deadLetterQueue('DEAD_LETTER')(letters, sending).catch((error: Error) => error.message);
  return { messages, sent };
}
const letters = (...payloads: Buffer[]) => payloads.map((bytes, place) => letterOf(bytes, 'why', { ...position, place }));
const bodies = (messages: readonly SentMessage[]) => messages.map(({ MessageBody }) => MessageBody);

test('dead letters are sent to the queue, with attributes if they are given', async () => {
  const [small, large] = letters(Buffer.from('poison'), Buffer.alloc(300_000));
  const plain = await send([small!]);
  expect(plain.messages).toEqual([{ Id: '0', call: 1, MessageBody: JSON.stringify(small) }]);
  const { messages } = await send([large!], { attributes: { kind: 'letter' } });
  const marked = { kind: { DataType: 'String', StringValue: 'letter' } };
  expect(messages.map(({ MessageAttributes }) => MessageAttributes)).toEqual(messagesOf(large!).map(() => marked));
});

test('a hundred dead letters take ten requests, within the limits of SQS', async () => {
  const small = letters(...Array.from({ length: 100 }, (_, place) => Buffer.from(`poison ${place}`)));
  const { messages } = await send(small);
  expect(bodies(messages).sort()).toEqual(small.map((letter) => JSON.stringify(letter)).sort());
  expect(new Set(messages.map(({ call }) => call)).size).toBe(10);
  const mixed = letters(...[10, 200_000, 1_500_000, 200_000, 60_000, 10].map((bytes) => Buffer.alloc(bytes, '"')));
  const { messages: parts, sent } = await send(mixed, { attributes: { kind: 'letter' } });
  expect(sent).toBeUndefined();
  expect(bodies(parts).sort()).toEqual(mixed.flatMap(messagesOf).sort());
});

test('messages that SQS refuses in a request are sent again without the others', async () => {
  const refused = ['3', '7'];
  const refuses = ({ Id }: SentMessage) => refused.includes(Id) && refused.splice(refused.indexOf(Id), 1).length === 1;
  const sent = letters(...Array.from({ length: 10 }, (_, place) => Buffer.from(`poison ${place}`)));
  const { messages } = await send(sent, { refuses });
  expect(messages.map(({ Id, call }) => [Id, call])).toEqual(
    [...'01245689']
      .map((id) => [id, 1])
      .concat([
        ['3', 2],
        ['7', 2],
      ]),
  );
});

test('dead letters that SQS refuses at every try fail the call, with their number and the error', async () => {
  const { messages, sent } = await send(letters(Buffer.from('a'), Buffer.from('b')), { refuses: ({ Id }) => Id === '1' });
  expect(sent).toBe('SQS did not accept 1 dead letters. First error: InternalError: try again');
  expect(messages.map(({ Id }) => Id)).toEqual(['0']);
});

test('nothing is sent after the signal is aborted', async () => {
  const { messages, sent } = await send(letters(Buffer.from('a')), { signal: AbortSignal.abort() });
  expect([messages, sent]).toEqual([[], expect.stringMatching(/abort/i)]);
});

test.each([
  ['https://sqs.us-east-1.amazonaws.com/123456789012/dead', 'us-east-1'],
  ['https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/dead', 'us-gov-west-1'],
  ['https://sqs.cn-north-1.amazonaws.com.cn/123456789012/dead', 'cn-north-1'],
  ['https://vpce-1-2.sqs.eu-central-1.vpce.amazonaws.com/123456789012/dead', 'eu-central-1'],
  ['https://queue.example/dead', 'eu-west-1'],
])('a letter to %s is signed for %s', async (url, region) => {
  Object.assign(process.env, CLIENT_ENVIRONMENT, { DEAD_LETTER_QUEUE_URL: url });
  const send = jest.spyOn(SQSClient.prototype, 'send').mockReturnValue({} as never);
  await deadLetterQueue('DEAD_LETTER')(letters(Buffer.from('a')));
  const [client] = send.mock.instances as unknown as SQSClient[];
  send.mockRestore();
  expect(await client!.config.region()).toBe(region);
});

test.each([
  ['bytes that are no text', Buffer.alloc(MESSAGE_BYTES, 0xff)],
  ['control characters', Buffer.alloc(MESSAGE_BYTES, 0)],
  ['quotes', Buffer.alloc(MESSAGE_BYTES, '"')],
  ['letters', Buffer.alloc(MESSAGE_BYTES, 'é')],
  ['letters, just too many for one message', Buffer.alloc(900_000, 'x')],
  ['a record of 10 MiB', Buffer.alloc(10 * MESSAGE_BYTES, 'x')],
])('1 MiB of %s fit into messages, and can be put together again', (_, bytes) => {
  const messages = messagesOf(letterOf(bytes, '\uFFFE'.repeat(1000), position));
  expect(messages.length).toBeGreaterThan(1);
  expect(messages.filter((body) => Buffer.byteLength(body) >= MESSAGE_BYTES / 4)).toHaveLength(0);
  expect(messages.filter((body) => !body.startsWith('{"reason":"'))).toHaveLength(0);
  expect(payloadOfAll(messages).equals(bytes)).toBe(true);
});

test('messages have only characters that SQS accepts', () =>
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
        const messages = messagesOf(letterOf(bytes, text, position));
        expect(messages.join()).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u);
        expect(payloadOfAll(messages).equals(bytes)).toBe(true);
      },
    ),
  ));
