import { InvocationContext } from '@azure/functions';
import fc from 'fast-check';
import type { SendLetters } from '../../../azure/runtime/dead-letter';
import { eventProcessor, MessageFailed, messageHandler } from '../../../azure/runtime/messages';
import { pauseSeconds, readMessage } from '../../../azure/runtime/sources/service-bus';
import { readMessage as readOfStorage } from '../../../azure/runtime/sources/storage-queue';
import type { Event, Transform } from '../../../shared/runtime/event';
import type { Lot, Sink } from '../../../shared/runtime/sink';
import type { DeadLetter } from '../../../shared/runtime/verdict';
import { anEvent } from '../../support/events';

const MAX_RETRIES = 3;
const PLACE = { namespace: 'acme.servicebus.windows.net', queue: 'orders' };

/** What becomes of a call: it works, it fails, it works and its answer is lost, or the process ends in the middle of it. */
type Fate = 'works' | 'fails' | 'answer lost' | 'the process ends';

/** A queue with one message, a store and a dead letter. */
class World {
  readonly store = new Map<string, Lot<string>>();
  readonly deadLetter = new Map<string, readonly DeadLetter[]>();
  readonly pauses: number[] = [];
  transforms = 0;
  private ended = () => {};

  constructor(private readonly fateOf: (place: 'store' | 'dead letter') => Fate = () => 'works') {}

  private async call<Answer>(place: 'store' | 'dead letter', act: () => Answer): Promise<Answer> {
    await null;
    const fate = this.fateOf(place);
    if (fate === 'the process ends') {
      this.ended();
      return new Promise(() => {});
    }
    if (fate === 'fails') throw new Error(`the ${place} is down`);
    const answer = act();
    if (fate === 'answer lost') throw new Error('the answer was lost');
    return answer;
  }

  /** Deliver a message until it is settled. @returns how often it was delivered, or nothing if it is still in the queue */
  async deliver(bytes: Buffer, transform: Transform = (event) => event, most = 100): Promise<number | undefined> {
    const sink: Sink<string> = {
      encode: (row) => JSON.stringify(row),
      write: (lot) => this.call('store', () => void this.store.set(lot.name, lot)).then(() => []),
    };
    const deadLetter: SendLetters = (name, letters) => this.call('dead letter', () => void this.deadLetter.set(name, letters));
    for (let deliveryCount = 1; deliveryCount <= most; deliveryCount++) {
      const counted: Transform = (event) => {
        this.transforms++;
        return transform(event);
      };
      const handler = messageHandler(eventProcessor({ transform: counted, sink, deadLetter }), {
        messageOf: (body, metadata) => readMessage(body, metadata, PLACE),
        maxRetries: MAX_RETRIES,
        pause: async (deliveries) => void this.pauses.push(deliveries),
      });
      const triggerMetadata = { sequenceNumber: 7, deliveryCount, enqueuedTimeUtc: '2026-01-31T08:30:00' };
      const context = new InvocationContext({ triggerMetadata, logHandler: () => {} });
      const ended = new Promise<'ended'>((resolve) => {
        this.ended = () => resolve('ended');
      });
      const outcome = await Promise.race([
        ended,
        Promise.resolve(handler(bytes, context)).then(
          () => 'settled' as const,
          (error: unknown) => error,
        ),
      ]);
      if (outcome === 'settled') return deliveryCount;
      if (outcome !== 'ended') expect(outcome).toBeInstanceOf(MessageFailed);
    }
    return undefined;
  }
}

const event = (more: object = {}) =>
  Buffer.from(JSON.stringify({ ...(fc.sample(anEvent, { numRuns: 1, seed: 1 })[0] as object), ...more }));

test('whatever fails, in any order, a settled message is in the store or in the dead letter, and an unsettled one stays in the queue', async () => {
  const fate = fc.constantFrom<Fate>('works', 'works', 'fails', 'the process ends');
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 40 }), async (fates) => {
      const left = [...fates];
      const world = new World(() => left.shift() ?? 'works');
      expect(await world.deliver(event())).toBeDefined();
      expect([world.store.size + world.deadLetter.size]).toEqual([1]);
    }),
  );
});

test('with lost answers too, no message is lost, and all that is written of it has one name', async () => {
  const fate = fc.constantFrom<Fate>('works', 'fails', 'answer lost', 'the process ends');
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 40 }), async (fates) => {
      const left = [...fates];
      const world = new World(() => left.shift() ?? 'works');
      await world.deliver(event());
      expect([...world.store.keys(), ...world.deadLetter.keys()].every((name) => name.endsWith('acme~orders~7'))).toBe(true);
      expect(world.store.size + world.deadLetter.size).toBeGreaterThan(0);
    }),
  );
});

test('a store that is down for good costs four tries, and three waits', async () => {
  const world = new World((place) => (place === 'store' ? 'fails' : 'works'));
  expect(await world.deliver(event())).toBe(MAX_RETRIES + 1);
  expect(world.pauses).toEqual([1, 2, 3]);
  expect([...world.deadLetter.values()].flat().map(({ reason }) => reason)).toEqual(['Not stored: Error: the store is down']);
});

test('while neither the store nor the dead letter takes it, the message stays in the queue', async () => {
  expect(await new World(() => 'fails').deliver(event())).toBeUndefined();
});

test('a message that ends the process each time is given up without being processed again', async () => {
  const world = new World((place) => (place === 'store' ? 'the process ends' : 'works'));
  expect(await world.deliver(event())).toBe(MAX_RETRIES + 5);
  expect(world.transforms).toBe(MAX_RETRIES + 4);
  expect([...world.deadLetter.values()].flat()).toEqual([expect.objectContaining({ reason: 'Delivered 8 times, and never settled.' })]);
});

test('a permanent fault of an event is not retried', async () => {
  const world = new World();
  const transform = (): never => {
    throw new Error('never');
  };
  expect(await world.deliver(event(), transform)).toBe(1);
  expect([world.deadLetter.size, world.pauses]).toEqual([1, []]);
});

test('an event of which the transform makes nothing is settled, and nothing is written', async () => {
  const world = new World();
  expect(await world.deliver(event(), (_: Event) => undefined)).toBe(1);
  expect([world.store.size, world.deadLetter.size]).toEqual([0, 0]);
});

test('a message without its position stays in the queue, which gives it up', async () => {
  const handler = messageHandler(eventProcessor({ transform: (event) => event, sink: {} as Sink<string>, deadLetter: async () => {} }), {
    messageOf: (body, metadata) => readMessage(body, metadata, PLACE),
    maxRetries: MAX_RETRIES,
  });
  await expect(handler(event(), new InvocationContext({ triggerMetadata: { deliveryCount: 1 } }))).rejects.toThrow(
    'The host passed a message without its position, its time or its count.',
  );
});

test('five retries take about eight minutes, and no wait ends after the time that a call has', () => {
  const pauses = [1, 2, 3, 4, 5].map(pauseSeconds);
  expect(pauses).toEqual([15, 30, 60, 120, 240]);
  expect(pauseSeconds(100)).toBe(240);
});

test('a sequence number is read in each form in which hosts pass it', () => {
  const read = (sequenceNumber: unknown) =>
    readMessage('x', { sequenceNumber, deliveryCount: '2', enqueuedTimeUtc: '2026-01-31T08:30:00.5' }, PLACE);
  for (const form of [7, '7', { low: 7, high: 0 }]) expect(read(form)).toMatchObject({ name: 'acme~orders~7', deliveries: 2 });
  expect(read(7)!.record).toEqual({
    bytes: Buffer.from('x'),
    arrived: new Date('2026-01-31T08:30:00.500Z'),
    position: { ...PLACE, sequenceNumber: '7' },
  });
  expect([undefined, '', 'x', -1].map(read)).toEqual(Array(4).fill(undefined));
});

test('a message of a storage queue is read as it was sent, or decoded if Event Grid encoded it', () => {
  const read = (body: string) =>
    readOfStorage(
      Buffer.from(body),
      { id: '6f9619ff', dequeueCount: 1, insertionTime: '2026-01-31T08:30:00Z' },
      { account: 'acmequeue', queue: 'events' },
    )!.record.bytes.toString();
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  fc.assert(fc.property(fc.json(), (json) => expect(read(`{"data":${json}}`)).toBe(`{"data":${json}}`)));
  fc.assert(fc.property(fc.json(), (json) => expect(read(base64(`{"data":${json}}`))).toBe(`{"data":${json}}`)));
  for (const text of ['', 'no JSON', 'abcd', '1234', base64('no JSON')]) expect(read(text)).toBe(text);
});
