import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import type { Message } from '../../../../gcp/runtime/dead-letter';
import type { Trial } from '../../../../gcp/runtime/pub-sub/trial';
import { pubSubPullSource, type TIMES } from '../../../../gcp/runtime/sources/pub-sub-pull';
import { pubSubPushSource } from '../../../../gcp/runtime/sources/pub-sub-push';
import type { Transform } from '../../../../shared/runtime/event';
import type { Lot } from '../../../../shared/runtime/sink';
import type { Fault } from '../../../support/faults';
import { bytesOf, eventOf, KINDS, transformOfKinds } from '../../../support/settling';
import { Broker, PUBLISH_TIME, SUBSCRIPTION } from './pub-sub-pull/broker';

/** Minutes pass in milliseconds. */
const TIMES_HERE: Partial<typeof TIMES> = { transform: 1000, extension: 15, pause: 10, patience: 150, hang: 60_000, drain: 150 };

const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
  jest.spyOn(console, 'log').mockImplementation((line) => lines.push(line));
});
const running: AbortController[] = [];
afterEach(() => {
  for (const one of running.splice(0)) one.abort();
});

/** What a transform does to its process: nothing. */
const survives: Trial = async () => undefined;

interface Given {
  readonly broker?: Broker;
  readonly transform?: Transform;
  readonly trial?: Trial;
  readonly times?: Partial<typeof TIMES>;
  /** What becomes of a write. */
  readonly store?: (ids: readonly string[]) => unknown;
}

/** A source at work, with what its store and the broker got. */
function working({ broker = new Broker(), transform = (event) => event, trial = survives, times, store = () => {} }: Given = {}) {
  const lots: Lot<string>[] = [];
  const acknowledgedEarly: string[] = [];
  const run = pubSubPullSource<string>({
    transform,
    trial,
    subscription: broker,
    times: { ...TIMES_HERE, ...times },
    sink: {
      encode: (row) => JSON.stringify(row),
      write: async (lot) => {
        const ids = lot.made.map(({ record }) => String(record.position.messageId));
        const done = () =>
          broker.asked.filter(({ verb }) => verb === 'acknowledge').flatMap((one) => one.ids.map((id) => id.split('/')[0]!));
        await store(ids);
        acknowledgedEarly.push(...ids.filter((id) => done().includes(id)));
        lots.push(lot);
        const refused = lot.made.find(({ stored }) => stored.includes('"refused"'));
        return refused ? [{ record: refused.record, reason: 'PermanentError: the store refuses it' }] : [];
      },
    },
    deadLetter: (letter) => broker.dead([letter]),
  });
  const stop = new AbortController();
  running.push(stop);
  const ended = run(stop.signal);
  ended.catch(() => {});
  return {
    broker,
    lots,
    acknowledgedEarly,
    stop,
    ended,
    storedIds: () => lots.flatMap(({ made }) => made.map(({ record }) => record.position.messageId)),
  };
}

const publishAll = (broker: Broker, ids: readonly string[], extra: object = {}) => {
  for (const id of ids) broker.publish(id, bytesOf(eventOf(id, extra)));
};
const until = async (isTrue: () => boolean) => {
  for (let waited = 0; !isTrue(); waited += 5) {
    if (waited > 10_000) throw new Error('nothing happened');
    await pause(5);
  }
};

describe('each event ends exactly once, in the store or in the dead letter', () => {
  async function run(events: readonly string[], planned: readonly Fault[]) {
    const left = [...planned];
    const broker = new Broker({ concurrency: 4, maxAttempts: 5, second: 1 });
    broker.fault = (verb) => (verb === 'keep' || verb === 'pull' ? 'none' : (left.shift() ?? 'none'));
    for (const [place, kind] of events.entries()) broker.publish(String(place), KINDS[kind]!.bytes(`event-${place}`));
    const { lots, stop, ended } = working({
      broker,
      transform: transformOfKinds,
      times: { pause: 1, extension: 5 },
      store: () => {
        if (left.shift() === 'before') throw new Error('the store is down');
      },
    });
    await broker.empty();
    stop.abort();
    await ended;
    return events.map((kind, place) => {
      const id = String(place);
      const mine = broker.letters.filter(({ attributes }) => attributes!.deadLetterMessageId === id);
      const stored = lots
        .flatMap(({ made }) => made)
        .filter(({ record, stored }) => record.position.messageId === id && !stored.includes('"refused"'));
      return {
        expected: KINDS[kind]!.rows,
        stored: new Set(stored.map((made) => made.stored)).size,
        dead: mine.length > 0 || broker.forwarded.includes(id),
        intact: mine.every(({ data }) => data === KINDS[kind]!.bytes(`event-${place}`).toString('base64')),
      };
    });
  }

  const arrivals = fc.array(fc.constantFrom(...Object.keys(KINDS)), { maxLength: 12 });
  const faults = (...possible: Fault[]) => fc.array(fc.constantFrom(...possible), { maxLength: 60 });

  test('and none is lost, whatever fails: the store, the dead letter, acknowledgements and their answers', () =>
    fc.assert(
      fc.asyncProperty(arrivals, faults('none', 'before', 'after'), async (events, planned) => {
        for (const { expected, stored, dead, intact } of await run(events, planned)) {
          expect(intact).toBe(true);
          if (expected === undefined) expect(dead).toBe(true);
          else expect(dead || stored === expected).toBe(true);
        }
      }),
      { numRuns: 30 },
    ));

  test('in one place alone, when nothing fails', async () => {
    for (const { expected, stored, dead, intact } of await run(Object.keys(KINDS), []))
      expect({ stored, dead, intact }).toEqual({ stored: expected ?? 0, dead: expected === undefined, intact: true });
  });
});

test('what is pulled is the same as what is pushed: one lot for each message, with the same name, time and position', async () => {
  const { broker, lots } = working();
  broker.publish('7', bytesOf(eventOf('1')));
  await broker.empty();
  const pushed: Lot<string>[] = [];
  const push = pubSubPushSource<string>({
    transform: (event) => event,
    trial: survives,
    sink: {
      encode: (row) => JSON.stringify(row),
      write: async (lot) => {
        pushed.push(lot);
        return [];
      },
    },
    deadLetter: async () => {},
  });
  const message = { data: bytesOf(eventOf('1')).toString('base64'), messageId: '7', publishTime: PUBLISH_TIME };
  await push({ body: { message, subscription: SUBSCRIPTION }, query: {} }, { status: () => ({ end: () => {} }) });
  expect(lots).toEqual(pushed);
});

test('a message is acknowledged after its rows are in the store', async () => {
  const { broker, acknowledgedEarly, storedIds } = working({ store: () => pause(20) });
  publishAll(broker, ['1', '2', '3']);
  await broker.empty();
  expect(storedIds().sort()).toEqual(['1', '2', '3']);
  expect(acknowledgedEarly).toEqual([]);
});

test('many messages are acknowledged with few requests', async () => {
  const broker = new Broker({ concurrency: 100 });
  publishAll(
    broker,
    Array.from({ length: 100 }, (_, index) => String(index)),
  );
  const acknowledge = broker.acknowledge.bind(broker);
  broker.acknowledge = async (ids) => {
    await pause(20);
    return acknowledge(ids);
  };
  working({ broker, store: () => pause(5) });
  await broker.empty();
  expect(broker.asked.filter(({ verb }) => verb === 'acknowledge').length).toBeLessThan(30);
});

test('no more messages are open than the setting says, and not one pull for each', async () => {
  const broker = new Broker({ concurrency: 8 });
  publishAll(
    broker,
    Array.from({ length: 80 }, (_, index) => String(index)),
  );
  let [open, most] = [0, 0];
  working({
    broker,
    store: async () => {
      most = Math.max(most, ++open);
      await pause(3);
      open--;
    },
  });
  await broker.empty();
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(8);
  expect(broker.asked.filter(({ verb }) => verb === 'pull').length).toBeLessThan(60);
});

test('a store that is down brings the message again after the pause of the subscription, and the last time it goes to the dead letter with the reason', async () => {
  const broker = new Broker({ maxAttempts: 5 });
  broker.publish('1', bytesOf(eventOf('1')));
  working({
    broker,
    store: () => {
      throw new Error('the service is down');
    },
  });
  await broker.empty();
  expect(broker.deliveries.get('1')).toBe(5);
  expect(broker.asked.filter(({ verb, seconds }) => verb === 'keep' && seconds === 0)).toHaveLength(4);
  expect(broker.letters.map(({ attributes }) => attributes)).toEqual([
    {
      deadLetterReason: 'Error: the service is down',
      deadLetterSubscription: SUBSCRIPTION,
      deadLetterMessageId: '1',
      deadLetterPublishTime: PUBLISH_TIME,
      deadLetterDeliveryAttempt: '5',
    },
  ]);
  expect(broker.forwarded).toEqual([]);
});

test('what can never be stored goes to the dead letter at its first delivery, and its neighbours are stored', async () => {
  const { broker, storedIds } = working();
  broker.publish('poison', 'poison');
  broker.publish('refused', bytesOf(eventOf('refused', { type: 'refused' })));
  publishAll(broker, ['1', '2']);
  await broker.empty();
  const reasons = Object.fromEntries(
    broker.letters.map(({ attributes = {} }: Message) => [attributes.deadLetterMessageId, attributes.deadLetterReason]),
  );
  expect(reasons).toEqual({ poison: expect.stringMatching(/^SyntaxError: /), refused: 'PermanentError: the store refuses it' });
  expect([broker.deliveries.get('poison'), broker.deliveries.get('refused')]).toEqual([1, 1]);
  expect(storedIds()).toEqual(expect.arrayContaining(['1', '2']));
});

test('an event whose write takes long holds up no other', async () => {
  const broker = new Broker({ concurrency: 4 });
  let release = () => {};
  const { storedIds } = working({
    broker,
    store: ([id]) => (id === 'slow' ? new Promise<void>((resolve) => (release = resolve)) : undefined),
  });
  publishAll(broker, ['slow', ...Array.from({ length: 20 }, (_, index) => String(index))]);
  await until(() => storedIds().length === 20);
  expect(broker.left).toEqual(['slow']);
  release();
  await broker.empty();
});

describe('events of one key', () => {
  const published = (broker: Broker) => {
    for (const id of ['a1', 'b1', 'a2', 'a3', 'b2']) broker.publish(id, bytesOf(eventOf(id)), undefined, id[0]);
    broker.publish('c1', bytesOf(eventOf('c1')));
    return broker;
  };

  test('are written one after the other if the subscription is ordered, and those of other keys beside them', async () => {
    const log: string[] = [];
    const broker = published(new Broker({ ordered: true }));
    working({
      broker,
      store: async ([id]) => {
        log.push(`${id} begins`);
        // The first one of a key ends after those of other keys, and before the second one.
        if (id === 'a1') await until(() => ['b2 ends', 'c1 ends'].every((line) => log.includes(line)));
        else await pause(5);
        log.push(`${id} ends`);
      },
    });
    await broker.empty();
    const ofA = log.filter((line) => line.startsWith('a'));
    expect(ofA).toEqual(['a1', 'a2', 'a3'].flatMap((id) => [`${id} begins`, `${id} ends`]));
  });

  test('wait for one of them that must come again: the later ones are given back without being written', async () => {
    const broker = published(new Broker({ ordered: true, backoff: 20 }));
    let isDown = true;
    const { storedIds } = working({
      broker,
      store: ([id]) => {
        if (id !== 'a1' || !isDown) return;
        isDown = false;
        throw new Error('down');
      },
    });
    await broker.empty();
    expect(storedIds().filter((id) => String(id).startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(broker.deliveries.get('b2')).toBe(1);
  });

  test('are stored in their order for the first time, whichever writes fail', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 }), fc.array(fc.boolean()), async (keys, failing) => {
        const broker = new Broker({ ordered: true, concurrency: 8, maxAttempts: 1000 });
        for (const [place, key] of keys.entries()) broker.publish(`${key}${place}`, bytesOf(eventOf(`${key}${place}`)), undefined, key);
        const left = [...failing];
        const { storedIds, stop, ended } = working({
          broker,
          times: { pause: 1, extension: 5 },
          store: () => {
            if (left.shift()) throw new Error('down');
          },
        });
        await broker.empty();
        stop.abort();
        await ended;
        const first = [...new Set(storedIds().map(String))];
        for (const key of ['a', 'b', 'c']) {
          const sent = keys.flatMap((one, place) => (one === key ? [`${key}${place}`] : []));
          expect(first.filter((id) => id.startsWith(key))).toEqual(sent);
        }
      }),
      { numRuns: 30 },
    ));

  test('go on after one that is in the dead letter', async () => {
    const broker = new Broker({ ordered: true });
    broker.publish('a1', 'poison', undefined, 'a');
    broker.publish('a2', bytesOf(eventOf('a2')), undefined, 'a');
    const { storedIds } = working({ broker });
    await broker.empty();
    expect([storedIds(), broker.letters.length, broker.deliveries.get('a2')]).toEqual([['a2'], 1, 1]);
  });

  test('are like all others without order: none of them holds up another', async () => {
    const broker = published(new Broker());
    let release = () => {};
    const { storedIds } = working({
      broker,
      store: ([id]) => (id === 'a1' ? new Promise<void>((resolve) => (release = resolve)) : undefined),
    });
    await until(() => storedIds().length === 5);
    expect(broker.left).toEqual(['a1']);
    release();
    await broker.empty();
  });
});

test('while a message is open its deadline is extended, so that nobody else gets it', async () => {
  // A deadline of 60 ms, and a write of 300 ms.
  const { broker, storedIds } = working({ broker: new Broker({ second: 1 }), store: () => pause(300) });
  broker.publish('1', bytesOf(eventOf('1')));
  await broker.empty();
  expect(broker.deliveries.get('1')).toBe(1);
  expect(storedIds()).toEqual(['1']);
  expect(broker.asked.filter(({ verb, seconds }) => verb === 'keep' && seconds === 60).length).toBeGreaterThan(5);
});

test('deadlines that cannot be extended bring a message again, and it is stored as it was', async () => {
  const broker = new Broker({ second: 1 });
  broker.fault = (verb) => (verb === 'keep' ? 'before' : 'none');
  const { lots } = working({ broker, store: () => pause(150) });
  broker.publish('1', bytesOf(eventOf('1')));
  await broker.empty();
  expect(lots.length).toBeGreaterThan(1);
  for (const lot of lots) expect(lot).toEqual(lots[0]);
  expect(lines.join()).toContain('Deadlines were not extended.');
});

test('an acknowledgement that fails is sent again, and the event is stored once', async () => {
  const broker = new Broker();
  const planned: Fault[] = ['before', 'after'];
  broker.fault = (verb) => (verb === 'acknowledge' ? (planned.shift() ?? 'none') : 'none');
  const { storedIds } = working({ broker });
  broker.publish('1', bytesOf(eventOf('1')));
  await until(() => broker.asked.filter(({ verb }) => verb === 'acknowledge').length === 3);
  expect(storedIds()).toEqual(['1']);
  expect(broker.left).toEqual([]);
});

test('an event that was delivered again is tried out first, and does not run here if it ends its process', async () => {
  const ran: string[] = [];
  const broker = new Broker();
  const trial: Trial = async ({ bytes, attempt }) => (attempt > 1 && bytes.includes('deadly') ? 'It ends the process.' : undefined);
  const transform: Transform = (event) => {
    ran.push(event.id);
    return event;
  };
  let isDown = true;
  working({
    broker,
    trial,
    transform,
    store: () => {
      if (isDown) throw new Error('down');
    },
  });
  broker.publish('1', bytesOf(eventOf('deadly')));
  await until(() => broker.deliveries.get('1') === 2);
  isDown = false;
  await broker.empty();
  expect(ran).toEqual(['deadly']);
  expect(broker.letters[0]!.attributes!.deadLetterReason).toBe('It ends the process.');
});

describe('when it is told to stop', () => {
  test('it pulls nothing more, finishes what is open, and ends', async () => {
    const broker = new Broker({ concurrency: 2 });
    publishAll(broker, ['1', '2', '3', '4', '5', '6']);
    const { stop, ended, storedIds } = working({ broker, store: () => pause(60) });
    await until(() => broker.deliveries.size > 0);
    stop.abort();
    const pulls = broker.asked.filter(({ verb }) => verb === 'pull').length;
    await ended;
    expect(broker.asked.filter(({ verb }) => verb === 'pull')).toHaveLength(pulls);
    expect(storedIds().length).toBeGreaterThan(0);
    // What was delivered is stored and acknowledged, and the rest waits for another instance.
    expect([...broker.deliveries.keys(), ...broker.left].sort()).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  test('it gives back what does not finish in time', async () => {
    const { broker, stop, ended } = working({ store: () => new Promise(() => {}) });
    broker.publish('1', bytesOf(eventOf('1')));
    await until(() => broker.deliveries.size === 1);
    stop.abort();
    await ended;
    expect(broker.asked.at(-1)).toEqual({ verb: 'keep', ids: ['1/1'], seconds: 0 });
    expect(broker.left).toEqual(['1']);
  });

  test('it does not wait for a pull that has no messages', async () => {
    const broker = new Broker({ wait: 60_000 });
    const { stop, ended } = working({ broker });
    await until(() => broker.asked.length === 1);
    const start = performance.now();
    stop.abort();
    await ended;
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('it ends although the broker is down', async () => {
    const { broker, stop, ended } = working({ store: () => new Promise(() => {}) });
    broker.publish('1', bytesOf(eventOf('1')));
    await until(() => broker.deliveries.size === 1);
    broker.state = 'down';
    stop.abort();
    await expect(ended).resolves.toBeUndefined();
    expect(broker.left).toEqual(['1']);
  });
});

describe('the process ends', () => {
  test('when nothing could be pulled for too long, and says why', async () => {
    const broker = new Broker();
    broker.state = 'down';
    await expect(working({ broker }).ended).rejects.toThrow('Nothing could be pulled for too long: Error: the service is down');
    expect(lines.filter((line) => line.includes('A pull failed. It is tried again.')).length).toBeGreaterThan(2);
  });

  test('but not when the broker comes back in time', async () => {
    const broker = new Broker();
    broker.state = 'down';
    const { storedIds } = working({ broker, times: { patience: 60_000 } });
    broker.publish('1', bytesOf(eventOf('1')));
    await until(() => broker.asked.length > 3);
    broker.state = 'up';
    await broker.empty();
    expect(storedIds()).toEqual(['1']);
  });

  test('when open events make no progress, and they come again', async () => {
    const { broker, ended } = working({ times: { hang: 100 }, store: () => new Promise(() => {}) });
    broker.publish('1', bytesOf(eventOf('1')));
    await expect(ended).rejects.toThrow('1 open events make no progress.');
    expect(broker.left).toEqual(['1']);
  });

  test('when one event hangs for long, although others make progress', async () => {
    const { broker, ended } = working({ times: { hang: 200 }, store: ([id]) => (id === 'hangs' ? new Promise(() => {}) : undefined) });
    broker.publish('hangs', bytesOf(eventOf('hangs')));
    let count = 0;
    const sending = setInterval(() => broker.publish(`${count}`, bytesOf(eventOf(`${count++}`))), 5);
    await expect(ended).rejects.toThrow('make no progress.');
    clearInterval(sending);
    expect(count).toBeGreaterThan(10);
  });
});

test('logs are lines of JSON with a severity, and never hold the event', async () => {
  const broker = new Broker({ maxAttempts: 2 });
  working({
    broker,
    store: () => {
      throw new Error('down');
    },
  });
  publishAll(broker, ['1'], { data: 'secret' });
  await broker.empty();
  expect(lines.map((line) => JSON.parse(line).severity)).toEqual(['WARNING', 'ERROR']);
  expect(lines.join()).not.toContain('secret');
});
