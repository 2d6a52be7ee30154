import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { SQSRecord } from 'aws-lambda';
import { type OpenObject, openFrom } from '../../../../aws/runtime/created-objects';
import type { SendLetters } from '../../../../aws/runtime/dead-letter';
import { s3Source } from '../../../../aws/runtime/sources/s3';
import { linesOf } from '../../../../shared/runtime/lines';
import { CLIENT_ENVIRONMENT, s3 } from '../../../support/aws-stand-ins';
import { CONTEXT, createdOf, type SentObject, sqsRecord } from '../../../support/lambda-events';
import { ARRIVAL, eventOf, modelEnds, settlesEachEventOnce } from '../../../support/settling';

beforeEach(() => {
  jest.spyOn(console, 'info').mockImplementation();
  jest.spyOn(console, 'error').mockImplementation();
});

const ndjson = (...lines: readonly (string | Uint8Array)[]) =>
  Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]));
const eventLine = (id: string, extra: object = {}) => JSON.stringify(eventOf(id, extra));
const objectOf = (content: Uint8Array, name = '1.ndjson'): SentObject => ({
  bucket: 'source',
  key: `events/${name}`,
  version: 'v1',
  content,
});
const positionIn = ({ bucket, key, version }: SentObject, line: number) => ({ bucket, key, version: version!, line });

/** Opens objects in memory, in small pieces. */
function opens(...objects: readonly SentObject[]): OpenObject {
  return async ({ key, version = '' }) => {
    const found = objects.find((one) => one.key === key);
    if (!found) return { reason: 'the object is gone' };
    return { stored: ARRIVAL, version, lines: linesOf(inPieces(found.content, 10_000)) };
  };
}

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const retries = 5;

settlesEachEventOnce(
  {
    retries,
    /**
     * What Lambda and SQS do between a queue and a function: a message is one object with several lines, in plain text or
     * compressed, and a failed message is delivered again after the others.
     */
    async deliver(sent, ends, batchSize) {
      const objects = ([0, 1] as const).flatMap((lane) => {
        const lines = sent.map(({ bytes, ...one }, place) => ({ ...one, bytes, place })).filter((one) => one.lane === lane);
        return Array.from({ length: Math.ceil(lines.length / batchSize) }, (_, at) => {
          const own = lines.slice(at * batchSize, (at + 1) * batchSize);
          const text = ndjson(...own.map(({ bytes }) => bytes));
          return { places: own.map(({ place }) => place), sent: objectOf(lane === 0 ? text : gzipSync(text), `${lane}/${at}`) };
        });
      });
      const handler = s3Source({ ...ends, open: opens(...objects.map((one) => one.sent)) });
      const messages = objects.map((object, place) => ({ ...object, record: createdOf(object.sent, place), receives: 0 }));
      const givenUp = new Set<string>();
      const waiting = [...messages];
      while (waiting.length > 0) {
        const batch = waiting.splice(0, 2);
        for (const message of batch) message.receives++;
        const { batchItemFailures } = await handler({ Records: batch.map(({ record }) => record) }, CONTEXT);
        const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
        for (const message of batch.filter(({ record }) => failed.includes(record.messageId))) {
          if (message.receives > retries) givenUp.add(message.record.messageId);
          else waiting.push(message);
        }
      }
      return sent.map((_, place) => {
        const { record, places, sent: object } = messages.find((message) => message.places.includes(place))!;
        return { position: positionIn(object, places.indexOf(place) + 1), givenUp: givenUp.has(record.messageId) };
      });
    },
  },
  // A blank line is no record.
  { binary: true, empty: false },
);

/** A source with a model of a store and a dead letter, and what the model got. */
function source(open: OpenObject, options: Parameters<typeof modelEnds>[0] = {}) {
  const model = modelEnds(options);
  const kinds: unknown[] = [];
  const deadLetter: SendLetters = async (letters, sending) => {
    kinds.push(...letters.map(() => sending?.attributes?.kind));
    await model.ends.deadLetter(letters);
  };
  const handler = s3Source({ ...model.ends, deadLetter, open });
  return { ...model, kinds, handler: (...Records: SQSRecord[]) => handler({ Records }, CONTEXT) };
}

const failures = (...messages: SQSRecord[]) => ({ batchItemFailures: messages.map(({ messageId }) => ({ itemIdentifier: messageId })) });

test('the lines of an object are one lot with the time at which the object was stored', async () => {
  const object = objectOf(ndjson(eventLine('1'), '', eventLine('2'), ' \r', eventLine('3')));
  const { handler, lots, rows } = source(opens(object));
  expect(await handler(createdOf(object))).toEqual(failures());
  expect([...lots.values()]).toEqual([expect.objectContaining({ name: expect.stringMatching(/^[0-9a-f]{16}-1-5$/), arrived: ARRIVAL })]);
  expect(rows().map(({ id }) => id)).toEqual(['1', '2', '3']);
});

test('a large object is written in lots while it is read, and a second try makes the same lots', async () => {
  const data = 'x'.repeat(4_200_000);
  const object = objectOf(gzipSync(ndjson(...Array.from({ length: 6 }, (_, id) => eventLine(`${id}`, { data })))));
  let calls = 0;
  const { handler, lots, rows } = source(opens(object), { fault: () => (++calls === 2 ? 'after' : 'none') });
  const message = createdOf(object);
  expect(await handler(message)).toEqual(failures(message));
  expect(lots.size).toBe(2);
  expect(await handler(message)).toEqual(failures());
  expect([lots.size, rows().length]).toEqual([3, 6]);
});

test('a line that can never be processed goes to the dead letter with its place, and its neighbours are stored', async () => {
  const object = objectOf(ndjson(eventLine('1'), 'not an event', eventLine('2', { type: 'refused' }), eventLine('3')));
  const { handler, letters, kinds, rows } = source(opens(object));
  expect(await handler(createdOf(object))).toEqual(failures());
  expect(rows().map(({ id }) => id)).toEqual(['1', '3']);
  expect(letters).toEqual([
    { reason: expect.stringMatching(/^SyntaxError: /), position: positionIn(object, 2), encoding: 'text', payload: 'not an event' },
    {
      reason: 'the store never takes it',
      position: positionIn(object, 3),
      encoding: 'text',
      payload: eventLine('2', { type: 'refused' }),
    },
  ]);
  expect(kinds).toEqual(['line', 'line']);
});

test('of an object that has no events in it, a hundred lines go to the dead letter, and one letter stands for all others', async () => {
  const object = objectOf(ndjson(...Array.from({ length: 250 }, (_, id) => (id === 200 ? eventLine('1') : `row ${id}`))));
  const { handler, letters, kinds, rows } = source(opens(object));
  const message = createdOf(object);
  expect(await handler(message)).toEqual(failures());
  expect(rows()).toHaveLength(1);
  expect(letters.slice(0, 100).map(({ position }) => position.line)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
  expect(letters.slice(100)).toEqual([
    {
      reason: expect.stringMatching(/^line 101 and 148 more: SyntaxError: /),
      position: positionIn(object, 101),
      encoding: 'text',
      payload: message.body,
    },
  ]);
  expect(kinds.slice(99)).toEqual(['line', 'letter']);
});

test('lines over 8 MiB and damaged objects are in a dead letter that names the object; what was read before is stored', async () => {
  const long = objectOf(ndjson(eventLine('1'), 'x'.repeat(8 * 1024 * 1024 + 1), eventLine('2')), 'long');
  const cut = objectOf(
    gzipSync(ndjson(eventLine('3'), eventLine('4', { data: randomBytes(50_000).toString('hex') }))).subarray(0, -20),
    'cut',
  );
  const { handler, letters, rows } = source(opens(long, cut));
  const messages = [createdOf(long, 1), createdOf(cut, 2)];
  expect(await handler(...messages)).toEqual(failures());
  expect(rows().map(({ id }) => id)).toEqual(['1', '2', '3']);
  expect(letters).toEqual([
    {
      reason: 'line 2: the line has more than 8388608 bytes',
      position: positionIn(long, 2),
      encoding: 'text',
      payload: messages[0]!.body,
    },
    {
      reason: 'line 2: the gzip stream of the object is damaged: unexpected end of file',
      position: positionIn(cut, 2),
      encoding: 'text',
      payload: messages[1]!.body,
    },
  ]);
});

test.each([
  ['no JSON', 'hello', /^SyntaxError: /],
  ['another event', JSON.stringify(eventOf('1')), /^Error: it is no event of S3 for a new object$/],
  ['an event without a key', createdOf({ bucket: 'source', key: '', content: Buffer.alloc(0) }).body, /^Error: it is no event of S3/],
])('a message that is %s goes to the dead letter', async (_, body, reason) => {
  const { handler, letters, kinds } = source(opens());
  const message = sqsRecord(body);
  expect(await handler(message)).toEqual(failures());
  const position = { queue: message.eventSourceARN, messageId: message.messageId };
  expect(letters).toEqual([{ reason: expect.stringMatching(reason), position, encoding: 'text', payload: body }]);
  expect(kinds).toEqual(['letter']);
});

test('dead letters are sent after all lots are written, so that a retry does not send them again', async () => {
  const object = objectOf(ndjson('poison', eventLine('1')));
  let calls = 0;
  const { handler, letters } = source(opens(object), { fault: () => (++calls === 1 ? 'before' : 'none') });
  const message = createdOf(object);
  expect(await handler(message)).toEqual(failures(message));
  expect(letters).toEqual([]);
  expect(await handler(message)).toEqual(failures());
  expect(letters).toHaveLength(1);
});

test('after the transform was corrected, the rows that were missing are stored', async () => {
  const object = objectOf(ndjson(eventLine('1'), eventLine('2')));
  const wrong = source(opens(object), { transform: (event) => (event.id === '2' ? (5 as never) : event) });
  await wrong.handler(createdOf(object));
  const right = source(opens(object));
  await right.handler(createdOf(object));
  expect([...right.lots.keys()]).not.toEqual([...wrong.lots.keys()]);
});

test('when the time is over, an object is reported as failed, and the objects behind it are not opened', async () => {
  const { ends } = modelEnds();
  let opened = 0;
  const open: OpenObject = async (_, signal) => {
    opened++;
    return new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  const messages = [1, 2, 3].map((place) => createdOf(objectOf(Buffer.alloc(0)), place));
  const handler = s3Source({ ...ends, open });
  expect(await handler({ Records: messages }, { getRemainingTimeInMillis: () => 100 })).toEqual(failures(...messages));
  expect(opened).toBe(1);
});

describe('a dead letter that is moved back to the queue', () => {
  const letterOf = (payload: string) => JSON.stringify({ reason: 'a fault that is mended', position: {}, payload, encoding: 'text' });

  test('is one event if it has a line, and otherwise its object is read again', async () => {
    const object = objectOf(ndjson(eventLine('2')));
    const { handler, rows, lots } = source(opens(object));
    const [line, letter] = [
      sqsRecord(letterOf(eventLine('1')), 1, { kind: 'line' }),
      sqsRecord(letterOf(createdOf(object).body), 2, { kind: 'letter' }),
    ];
    expect(await handler(line, letter)).toEqual(failures());
    expect(rows().map(({ id }) => id)).toEqual(['1', '2']);
    expect([...lots.keys()][0]).toBe(line.messageId);
  });

  test('goes back if it still has a line that can never be processed', async () => {
    const { handler, letters, kinds } = source(opens());
    const lines = ['poison', eventLine('1', { type: 'refused' })];
    expect(await handler(...lines.map((line, place) => sqsRecord(letterOf(line), place, { kind: 'line' })))).toEqual(failures());
    expect(letters.map(({ payload }) => payload)).toEqual(lines);
    expect(kinds).toEqual(['line', 'line']);
  });

  test('has a row or none', async () => {
    const { handler, rows, letters } = source(opens(), { transform: () => undefined });
    expect(await handler(sqsRecord(letterOf(eventLine('1')), 1, { kind: 'line' }))).toEqual(failures());
    expect([rows(), letters]).toEqual([[], []]);
  });
});

describe('with the client of S3', () => {
  let store: Awaited<ReturnType<typeof s3>>;
  let open: OpenObject;
  beforeAll(async () => {
    store = await s3();
    Object.assign(process.env, CLIENT_ENVIRONMENT, store.environment, { SOURCE_BUCKET: 'source', SOURCE_PREFIX: 'events/' });
    open = openFrom('SOURCE');
  });
  beforeEach(() => store.set('none'));

  test.each([
    ['a version of a compressed object whose name says nothing', { key: 'events/ä b+c%20d?&#1', version: 'v=1', zip: true }, 'v=1'],
    ['a plain object of a bucket without versioning', { key: 'events/1.gz', version: undefined, zip: false }, '"tag"'],
  ])('%s is read by the key in the event', async (_, { key, version, zip }, read) => {
    const text = ndjson(eventLine('1'), 'poison');
    const object = { bucket: 'source', key, version, content: zip ? gzipSync(text) : text };
    store.put('source', key, object.content, version);
    const { handler, rows, letters } = source(open);
    expect(await handler(createdOf(object))).toEqual(failures());
    expect(rows()).toHaveLength(1);
    expect(letters.map(({ position }) => position)).toEqual([{ bucket: 'source', key, version: read, line: 2 }]);
  });

  test.each([
    ['is gone', objectOf(Buffer.alloc(0), 'deleted'), 'the object is gone'],
    ['never was versioned and is gone', { ...objectOf(Buffer.alloc(0), 'deleted'), version: undefined }, 'the object is gone'],
    ['is of another bucket', { ...objectOf(Buffer.alloc(0)), bucket: 'foreign' }, 'the object is not below events/ of the bucket source'],
    ['is below another prefix', { ...objectOf(Buffer.alloc(0)), key: 'private/1' }, 'the object is not below events/ of the bucket source'],
  ])('an object that %s is a dead letter', async (_, object, reason) => {
    store.put('foreign', 'events/1.ndjson', ndjson(eventLine('1')), 'v1');
    store.put('source', 'private/1', ndjson(eventLine('1')), 'v1');
    const { handler, letters, rows } = source(open);
    const message = createdOf(object);
    expect(await handler(message)).toEqual(failures());
    expect([letters.map((letter) => [letter.reason, letter.payload]), rows()]).toEqual([[[reason, message.body]], []]);
  });

  test('a store that is down is retried', async () => {
    const object = objectOf(ndjson(eventLine('1')), 'down');
    store.put('source', object.key, object.content, 'v1');
    store.set('before');
    const { handler, letters } = source(open);
    const message = createdOf(object);
    expect(await handler(message)).toEqual(failures(message));
    expect(letters).toEqual([]);
  });

  test('an object that is not read to its end leaves no connection open', async () => {
    const text = ndjson(...Array.from({ length: 100 }, () => randomBytes(10_000).toString('hex')));
    const object = objectOf(gzipSync(text), 'open');
    store.put('source', object.key, object.content, 'v1');
    // More often than the client has connections.
    for (let tries = 0; tries < 60; tries++) {
      const opened = await open(object, AbortSignal.timeout(5_000));
      for await (const line of 'lines' in opened ? opened.lines : []) if (line.number === 1) break;
    }
  });
});
