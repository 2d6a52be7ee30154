import { gzipSync } from 'node:zlib';
import { InvocationContext } from '@azure/functions';
import { blobIn, blobProcessor, type OpenBlob } from '../../../../azure/runtime/created-blobs';
import { MessageFailed, messageHandler } from '../../../../azure/runtime/messages';
import { readMessage } from '../../../../azure/runtime/sources/service-bus';
import { linesOf } from '../../../../shared/runtime/lines';
import { ARRIVAL, type Ends, eventOf, modelEnds, settlesEachEventOnce } from '../../../support/settling';

const MAX_RETRIES = 5;
const PLACE = { namespace: 'acme.servicebus.windows.net', queue: 'created' };
const url = (name: string) => `https://acme.blob.core.windows.net/events/${name}`;
const textOf = (...lines: readonly (string | Uint8Array)[]) =>
  Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]));
const created = (name: string) =>
  Buffer.from(JSON.stringify(eventOf(name, { type: 'Microsoft.Storage.BlobCreated', data: { url: url(name), eTag: '0x1' } })));

/** Opens blobs in memory, in small pieces. */
function opens(blobs: Readonly<Record<string, Uint8Array>>): OpenBlob {
  const contents = new Map(Object.entries(blobs).map(([name, content]) => [url(name), content]));
  return async ({ url: asked, etag }) => {
    const content = contents.get(asked);
    return content ? { stored: ARRIVAL, version: etag, lines: linesOf(inPieces(content, 10_000)) } : { reason: 'the blob is gone' };
  };
}

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

/** Deliver a message as Service Bus does. @returns how often, or nothing if it is never settled */
async function deliver(
  handler: ReturnType<typeof messageHandler>,
  message: Buffer,
  sequenceNumber = 7,
  most = 100,
): Promise<number | undefined> {
  for (let deliveryCount = 1; deliveryCount <= most; deliveryCount++) {
    const triggerMetadata = { sequenceNumber, deliveryCount, enqueuedTimeUtc: '2026-01-31T08:30:00' };
    try {
      await handler(message, new InvocationContext({ triggerMetadata, logHandler: () => {} }));
      return deliveryCount;
    } catch (error) {
      expect(error).toBeInstanceOf(MessageFailed);
    }
  }
  return undefined;
}

const handlerOf = (ends: Ends, open: OpenBlob) =>
  messageHandler(blobProcessor({ ...ends, deadLetter: (_, letters) => ends.deadLetter(letters), open }), {
    messageOf: (body, metadata) => readMessage(body, metadata, PLACE),
    maxRetries: MAX_RETRIES,
  });

settlesEachEventOnce(
  {
    retries: MAX_RETRIES,
    /** A message is one blob with several lines, in plain text or compressed. */
    async deliver(sent, ends, batchSize) {
      const blobs = ([0, 1] as const).flatMap((lane) => {
        const lines = sent.map(({ bytes, ...one }, place) => ({ ...one, bytes, place })).filter((one) => one.lane === lane);
        return Array.from({ length: Math.ceil(lines.length / batchSize) }, (_, at) => {
          const own = lines.slice(at * batchSize, (at + 1) * batchSize);
          const text = textOf(...own.map(({ bytes }) => bytes));
          return { name: `${lane}/${at}`, places: own.map(({ place }) => place), content: lane === 0 ? text : gzipSync(text) };
        });
      });
      const givenUp = new Set<unknown>();
      const deadLetter: typeof ends.deadLetter = async (letters) => {
        await ends.deadLetter(letters);
        for (const { reason, position } of letters) if (/^(Not stored|Delivered)/.test(reason)) givenUp.add(position.sequenceNumber);
      };
      const handler = handlerOf({ ...ends, deadLetter }, opens(Object.fromEntries(blobs.map(({ name, content }) => [name, content]))));
      for (const [index, { name }] of blobs.entries())
        if ((await deliver(handler, created(name), index)) === undefined) givenUp.add(String(index));
      return sent.map((_, place) => {
        const index = blobs.findIndex(({ places }) => places.includes(place));
        const line = blobs[index]!.places.indexOf(place) + 1;
        return {
          position: { ...PLACE, sequenceNumber: String(index), blob: url(blobs[index]!.name), version: '0x1', line },
          givenUp: givenUp.has(String(index)),
        };
      });
    },
  },
  // A blank line is no record.
  { binary: true, empty: false },
);

test('a large blob is written in lots while it is read, and a second try makes the same lots', async () => {
  const data = 'x'.repeat(4_200_000);
  let calls = 0;
  const { ends, lots, rows } = modelEnds({ fault: () => (++calls === 2 ? 'after' : 'none') });
  const content = gzipSync(textOf(...Array.from({ length: 6 }, (_, id) => JSON.stringify(eventOf(`${id}`, { data })))));
  expect(await deliver(handlerOf(ends, opens({ large: content })), created('large'))).toBe(2);
  expect([lots.size, rows().length]).toEqual([3, 6]);
});

test('of a blob that has no events in it, a hundred lines go to the dead letter, and one letter with its address stands for all others', async () => {
  const { ends, letters } = modelEnds();
  const content = textOf(...Array.from({ length: 250 }, (_, id) => `row ${id}`));
  expect(await deliver(handlerOf(ends, opens({ poison: content })), created('poison'))).toBe(1);
  expect(letters).toHaveLength(101);
  expect(letters.at(-1)).toMatchObject({
    reason: expect.stringMatching(/^line 101 and 149 more: SyntaxError: /),
    payload: created('poison').toString(),
    position: { ...PLACE, sequenceNumber: '7', blob: url('poison'), line: 101 },
  });
});

test('a damaged blob is one dead letter with its address, and what was read before is stored', async () => {
  const { ends, letters, rows } = modelEnds();
  const lines = ['1', '2'].map((id) => JSON.stringify(eventOf(id, { data: Array.from({ length: 9999 }, (_, at) => at * 7919) })));
  const content = gzipSync(textOf(...lines)).subarray(0, -20);
  expect(await deliver(handlerOf(ends, opens({ cut: content })), created('cut'))).toBe(1);
  expect(rows().map(({ id }) => id)).toEqual(['1']);
  expect(letters).toEqual([
    expect.objectContaining({
      reason: expect.stringContaining('the gzip stream of the object is damaged'),
      payload: created('cut').toString(),
    }),
  ]);
});

test('a blob that can never be stored in time is one dead letter, after the last try', async () => {
  const { ends, letters } = modelEnds({ fault: () => 'none' });
  const open: OpenBlob = async () => {
    throw new Error('TimeoutError');
  };
  expect(await deliver(handlerOf(ends, open), created('slow'))).toBe(MAX_RETRIES + 1);
  expect(letters).toEqual([expect.objectContaining({ reason: 'Not stored: Error: TimeoutError', payload: created('slow').toString() })]);
});

test.each([
  ['no JSON', 'hello'],
  ['another event', JSON.stringify(eventOf('1'))],
  ['an event without an address', JSON.stringify(eventOf('1', { type: 'Microsoft.Storage.BlobCreated', data: { eTag: '0x1' } }))],
  ['an event without an entity tag', JSON.stringify(eventOf('1', { type: 'Microsoft.Storage.BlobCreated', data: { url: url('1') } }))],
  ['null', 'null'],
])('a message that is %s names no blob', (_, message) => expect(blobIn(Buffer.from(message))).toBeUndefined());

test('an entity tag is the same with and without quotes', () => {
  const data = { url: url('1'), eTag: '"0x8D1"' };
  const message = Buffer.from(JSON.stringify(eventOf('1', { type: 'Microsoft.Storage.BlobCreated', data })));
  expect(blobIn(message)).toEqual({ url: url('1'), etag: '0x8D1' });
});
