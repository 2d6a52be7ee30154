import type { SQSRecord } from 'aws-lambda';
import type { SendLetters } from '../../../../aws/runtime/dead-letter';
import { sqsSource } from '../../../../aws/runtime/sources/sqs';
import { CONTEXT, sqsRecord } from '../../../support/lambda-events';
import { ARRIVAL, eventOf, modelEnds, settlesEachEventOnce } from '../../../support/settling';

beforeEach(() => {
  jest.spyOn(console, 'info').mockImplementation();
  jest.spyOn(console, 'error').mockImplementation();
});

const retries = 5;

settlesEachEventOnce(
  {
    retries,
    /**
     * What Lambda and SQS do between a queue and a function: a failed message is delivered again after the others, so that batches
     * differ at each try; after the last try SQS moves the message to the dead letter.
     */
    async deliver(sent, ends, batchSize) {
      const handler = sqsSource(ends);
      const messages = sent.map(({ bytes, arrived }, place) => ({ record: sqsRecord(bytes.toString(), place, { arrived }), receives: 0 }));
      const givenUp = new Set<string>();
      const waiting = [...messages];
      while (waiting.length > 0) {
        const batch = waiting.splice(0, batchSize);
        for (const message of batch) message.receives++;
        const { batchItemFailures } = await handler({ Records: batch.map(({ record }) => record) }, CONTEXT);
        const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
        for (const message of batch.filter(({ record }) => failed.includes(record.messageId))) {
          if (message.receives > retries) givenUp.add(message.record.messageId);
          else waiting.push(message);
        }
      }
      return messages.map(({ record }) => ({ position: positionOf(record), givenUp: givenUp.has(record.messageId) }));
    },
  },
  { binary: false },
);

function positionOf({ eventSourceARN, messageId }: SQSRecord) {
  return { queue: eventSourceARN, messageId };
}

/** A source with a model of a store and a dead letter, and what the model got. */
function source(options: Parameters<typeof modelEnds>[0] = {}) {
  const model = modelEnds(options);
  const attributes: unknown[] = [];
  const deadLetter: SendLetters = async (letters, sending) => {
    attributes.push(sending?.attributes);
    await model.ends.deadLetter(letters);
  };
  const handler = sqsSource({ ...model.ends, deadLetter });
  return { ...model, attributes, handler: (...Records: SQSRecord[]) => handler({ Records }, CONTEXT) };
}

const message = (id: string, place: number, extra: object = {}) => sqsRecord(JSON.stringify(eventOf(id, extra)), place);
const failures = (...messages: SQSRecord[]) => ({ batchItemFailures: messages.map(({ messageId }) => ({ itemIdentifier: messageId })) });

test('each message is one lot, named by its id, with the time it was sent', async () => {
  const { handler, lots } = source({ transform: ({ id }) => [{ id }, { id }] });
  const messages = [message('1', 1), message('2', 2)];
  expect(await handler(...messages)).toEqual(failures());
  expect([...lots.values()].map(({ name, arrived, made }) => [name, arrived, made.length])).toEqual(
    messages.map(({ messageId }) => [messageId, ARRIVAL, 2]),
  );
});

test('exactly the messages that met a fault are reported, and no neighbour', async () => {
  let calls = 0;
  const { handler, rows } = source({ fault: () => (++calls === 2 ? 'before' : 'none') });
  const [a, b, c] = [message('a', 1), message('b', 2), message('c', 3)];
  expect(await handler(a, b, c)).toEqual(failures(b));
  expect(rows().map(({ id }) => id)).toEqual(['a', 'c']);
});

test('a message that can never be processed is deleted once it is in the dead letter', async () => {
  const { handler, letters, attributes } = source();
  const [bad, refused] = [sqsRecord('not an event', 1), message('2', 2, { type: 'refused' })];
  expect(await handler(bad, refused)).toEqual(failures());
  expect(letters).toEqual([
    { reason: expect.stringMatching(/^SyntaxError: /), position: positionOf(bad), encoding: 'text', payload: 'not an event' },
    { reason: 'the store never takes it', position: positionOf(refused), encoding: 'text', payload: refused.body },
  ]);
  expect(attributes).toEqual([{ kind: 'letter' }, { kind: 'letter' }]);
});

test('a message whose letter cannot be sent comes again', async () => {
  const { handler } = source({ fault: () => 'before' });
  const bad = sqsRecord('not an event');
  expect(await handler(bad)).toEqual(failures(bad));
});

test('if the store does not respond, messages are reported before the function times out, and no more requests start', async () => {
  const { ends } = modelEnds();
  let begun = 0;
  const write = (_: unknown, signal?: AbortSignal) => {
    begun++;
    return new Promise<never>((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)));
  };
  const messages = Array.from({ length: 25 }, (_, place) => message(`${place}`, place));
  const handler = sqsSource({ ...ends, sink: { ...ends.sink, write } });
  expect(await handler({ Records: messages }, { getRemainingTimeInMillis: () => 100 })).toEqual(failures(...messages));
  expect(begun).toBe(10);
});

describe('a dead letter that is moved back to the queue', () => {
  const letterOf = (payload: string, extra: object = {}) =>
    JSON.stringify({ reason: 'a fault that is mended', position: {}, payload, encoding: 'text', ...extra });
  const moved = (body: string) => sqsRecord(body, 1, { kind: 'letter' });

  test('is read as the original message', async () => {
    const { handler, rows } = source();
    const payload = JSON.stringify(eventOf('1'));
    const base64 = Buffer.from(JSON.stringify(eventOf('2'))).toString('base64');
    await handler(moved(letterOf(payload)), sqsRecord(letterOf(base64, { encoding: 'base64' }), 2, { kind: 'letter' }));
    expect(rows().map(({ id }) => id)).toEqual(['1', '2']);
  });

  test.each([
    ['one that is not marked', sqsRecord(letterOf('x'))],
    ['a part of one', moved(letterOf('eA==', { encoding: 'base64', part: 1, parts: 2 }))],
    ['what is none', moved('{}')],
    ['what is no JSON', moved('not a letter')],
  ])('but not %s, which goes back as it is', async (_, record) => {
    const { handler, letters } = source();
    expect(await handler(record)).toEqual(failures());
    expect(letters.map(({ payload }) => payload)).toEqual([record.body]);
  });
});
