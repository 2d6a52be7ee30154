import fc from 'fast-check';
import type { Message } from '../../../../gcp/runtime/dead-letter';
import type { Trial, Tried } from '../../../../gcp/runtime/pub-sub/trial';
import { pubSubPushSource } from '../../../../gcp/runtime/sources/pub-sub-push';
import { PermanentError, type Transform } from '../../../../shared/runtime/event';
import type { Lot } from '../../../../shared/runtime/sink';
import { type Fault, faulty } from '../../../support/faults';
import { bytesOf, eventOf, KINDS, transformOfKinds } from '../../../support/settling';

const MAX_ATTEMPTS = 6;
const PUBLISH_TIME = '2026-01-31T08:30:00.25Z';
const SUBSCRIPTION = 'projects/acme-data/subscriptions/acme-events-processing';

const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
  jest.spyOn(console, 'log').mockImplementation((line) => lines.push(line));
});

/** One row as the store of these tests takes it. */
interface Stored {
  readonly id: string;
  readonly index: number;
  readonly refused: boolean;
  readonly body: string;
}

/** What a transform does to its process: nothing. */
const survives: Trial = async () => undefined;

interface Given {
  readonly transform?: Transform;
  readonly trial?: Trial;
  readonly fault?: () => Fault;
}

/** A store, a dead letter and a transform, with what they were given. The store takes the same lot as often as it comes. */
function neighbours({ transform = (event) => event, trial = survives, fault = () => 'none' }: Given = {}) {
  const lots: Lot<Stored>[] = [];
  const letters: Message[] = [];
  const call = faulty(fault);
  const handler = pubSubPushSource<Stored>({
    transform,
    trial,
    sink: {
      encode: (row, { id, type }, index) => ({ id, index, refused: type === 'refused', body: JSON.stringify(row) }),
      write: async (lot) => {
        const refused = lot.made.find(({ stored }) => stored.refused);
        await call(() => (refused ? undefined : lots.push(lot)));
        return refused ? [{ record: refused.record, reason: 'PermanentError: the store refuses it' }] : [];
      },
    },
    deadLetter: (message) => call(() => letters.push(message)),
  });
  /** One push, as the functions framework hands it over. */
  const push = async (body: unknown, query: Record<string, unknown> = { maxDeliveryAttempts: String(MAX_ATTEMPTS) }): Promise<number> => {
    let code = 0;
    await handler(
      { body, query },
      {
        status: (answered) => {
          code = answered;
          return { end: () => {} };
        },
      },
    );
    return code;
  };
  return { push, lots, letters };
}

const bodyOf = (bytes: Buffer, messageId = '1', deliveryAttempt?: number, extra: object = {}) => ({
  message: { data: bytes.toString('base64'), messageId, publishTime: PUBLISH_TIME, ...extra },
  subscription: SUBSCRIPTION,
  deliveryAttempt,
});

describe('each event ends exactly once, in the store or in the dead letter', () => {
  /** Pushes every event as Pub/Sub does: again until it is done, and after the last attempt to the dead letter. */
  async function run(events: readonly string[], planned: readonly Fault[]) {
    const left = [...planned];
    const { push, lots, letters } = neighbours({ transform: transformOfKinds, fault: () => left.shift() ?? 'none' });
    const attempts: number[] = [];
    const forwarded = new Set<number>();
    await Promise.all(
      events.map(async (kind, place) => {
        const bytes = KINDS[kind]!.bytes(`event-${place}`);
        for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
          attempts[place] = attempt;
          if ((await push(bodyOf(bytes, String(place), attempt))) === 204) return;
        }
        forwarded.add(place);
      }),
    );
    return events.map((kind, place) => {
      const mine = letters.filter(({ attributes }) => attributes!.deadLetterMessageId === String(place));
      const stored = lots.flatMap(({ made }) => made).filter(({ record }) => record.position.messageId === String(place));
      return {
        kind,
        expected: KINDS[kind]!.rows,
        // A lot that comes again as it was changes nothing.
        stored: new Set(stored.map((made) => JSON.stringify(made.stored))).size,
        dead: mine.length > 0 || forwarded.has(place),
        intact: mine.every(({ data }) => data === KINDS[kind]!.bytes(`event-${place}`).toString('base64')),
        attempts: attempts[place]!,
      };
    });
  }

  const arrivals = fc.array(fc.constantFrom(...Object.keys(KINDS)), { maxLength: 12 });
  const faults = (...possible: Fault[]) => fc.array(fc.constantFrom(...possible), { maxLength: 120 });

  test('as long as each call fails or succeeds as a whole', () =>
    fc.assert(
      fc.asyncProperty(arrivals, faults('none', 'before'), async (events, planned) => {
        for (const { expected, stored, dead, intact } of await run(events, planned)) {
          expect(intact).toBe(true);
          if (expected === undefined) expect({ stored, dead }).toEqual({ stored: 0, dead: true });
          else if (dead) expect(stored).toBe(0);
          else expect(stored).toBe(expected);
        }
      }),
      { numRuns: 150 },
    ));

  test('and none is lost when answers get lost', () =>
    fc.assert(
      fc.asyncProperty(arrivals, faults('none', 'before', 'after'), async (events, planned) => {
        for (const { expected, stored, dead, intact } of await run(events, planned)) {
          expect(intact).toBe(true);
          if (expected === undefined) expect({ stored, dead }).toEqual({ stored: 0, dead: true });
          else expect(dead || stored === expected).toBe(true);
        }
      }),
      { numRuns: 150 },
    ));

  test('at the first attempt, when nothing fails', async () => {
    const ends = await run(Object.keys(KINDS), []);
    expect(ends).toEqual(
      Object.entries(KINDS).map(([kind, { rows }]) => ({
        kind,
        expected: rows,
        stored: rows ?? 0,
        dead: rows === undefined,
        intact: true,
        attempts: 1,
      })),
    );
  });
});

test('an event that can never be processed goes to the dead letter though the store is down', async () => {
  const planned: Fault[] = ['none'];
  const { push, letters } = neighbours({ fault: () => planned.shift() ?? 'before' });
  expect(await push(bodyOf(Buffer.from('poison')))).toBe(204);
  expect(letters).toHaveLength(1);
});

test('a store that is down brings the message again, and the sixth time it goes to the dead letter with the reason', async () => {
  const planned: Fault[] = ['before', 'before', 'none'];
  const { push, lots, letters } = neighbours({ fault: () => planned.shift()! });
  expect(await push(bodyOf(bytesOf(eventOf('1')), '1', 5))).toBe(503);
  expect([lots, letters]).toEqual([[], []]);
  expect(await push(bodyOf(bytesOf(eventOf('1')), '1', 6))).toBe(204);
  expect(letters.map(({ attributes }) => attributes!.deadLetterReason)).toEqual(['Error: the service is down']);
});

test('without a number of attempts in the address no attempt is the last', async () => {
  const planned: Fault[] = ['before'];
  const { push } = neighbours({ fault: () => planned.shift() ?? 'none' });
  expect(await push(bodyOf(bytesOf(eventOf('1')), '1', 100), {})).toBe(503);
});

describe('dead letters', () => {
  const letterOf = async (bytes: Buffer, extra: object = {}, transform?: Transform) => {
    const { push, letters } = neighbours({ transform });
    expect(await push(bodyOf(bytes, '7', 2, extra))).toBe(204);
    return letters[0]!;
  };

  test('are the message as it came, with why and where beside it', async () => {
    const letter = await letterOf(Buffer.from([0xff]), { attributes: { mine: 'kept' }, orderingKey: 'press' });
    expect(letter).toEqual({
      data: '/w==',
      orderingKey: 'press',
      attributes: {
        mine: 'kept',
        deadLetterReason: 'InvalidEvent: not UTF-8',
        deadLetterSubscription: SUBSCRIPTION,
        deadLetterMessageId: '7',
        deadLetterPublishTime: PUBLISH_TIME,
        deadLetterDeliveryAttempt: '2',
      },
    });
  });

  test('that come from there once more say the latest reason', async () => {
    const letter = await letterOf(Buffer.from('bad'), { attributes: { deadLetterReason: 'an older one' } });
    expect(letter.attributes!.deadLetterReason).toMatch(/^SyntaxError/);
  });

  test('keep any reason within the 1024 bytes of an attribute', () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 400, size: 'max' }), async (reason) => {
        const letter = await letterOf(bytesOf(eventOf('1')), {}, () => {
          throw new PermanentError(`\ud800${reason}`);
        });
        const written = letter.attributes!.deadLetterReason!;
        expect(written.length).toBeGreaterThan(0);
        expect(Buffer.byteLength(written)).toBeLessThanOrEqual(1024);
        expect(Buffer.from(written).toString()).toBe(written);
      }),
      { endOnFailure: true },
    ));
});

describe('a dead letter is one that Pub/Sub takes, with the reason in it', () => {
  const reasonOf = ({ attributes }: Message) => attributes?.deadLetterReason;
  const names = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`mine${index}`, 'x']));
  const letterOfPoison = async (extra: object, bytes = Buffer.from('poison')) => {
    const { push, letters } = neighbours();
    expect(await push(bodyOf(bytes, '7', 2, extra))).toBe(204);
    return letters[0]!;
  };

  test.each([
    [95, 95, 4],
    [98, 98, 1],
    [100, 99, 0],
  ])('beside %i attributes of its own, of which %i are kept', async (count, kept, positions) => {
    const letter = await letterOfPoison({ attributes: names(count) });
    const written = Object.keys(letter.attributes!);
    expect(reasonOf(letter)).toMatch(/^SyntaxError/);
    expect(written.filter((name) => name.startsWith('mine'))).toHaveLength(kept);
    expect(written.filter((name) => /^deadLetter(?!Reason)/.test(name))).toHaveLength(positions);
  });

  test('beside attributes that Pub/Sub takes from nobody', async () => {
    const letter = await letterOfPoison({ attributes: { googclient_schemaencoding: 'JSON', mine: 'kept' } });
    expect(letter.attributes).toMatchObject({ mine: 'kept' });
    expect(Object.keys(letter.attributes!).join()).not.toContain('goog');
  });

  test('beside data that leaves no room for more than a part of it', async () => {
    const letter = await letterOfPoison({ attributes: { mine: 'y'.repeat(100) } }, Buffer.alloc(9_999_740, 'x'));
    expect(Object.keys(letter.attributes!)).toEqual(['deadLetterReason']);
    expect(reasonOf(letter)).toMatch(/^SyntaxError/);
  });

  test('whatever it holds', () =>
    fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 250 }), {
          maxKeys: 110,
        }),
        fc.nat(250_000),
        fc.string({ unit: 'binary', maxLength: 1024 }),
        async (attributes, less, orderingKey) => {
          const { data, attributes: written = {} } = await letterOfPoison({ attributes, orderingKey }, Buffer.alloc(9_990_000 - less, 'x'));
          const texts = [...Object.entries(written).flat(), orderingKey];
          expect(Object.keys(written).length).toBeLessThanOrEqual(100);
          expect(Math.max(...Object.values(written).map((value) => Buffer.byteLength(value)))).toBeLessThanOrEqual(1024);
          expect(Buffer.byteLength(data!, 'base64') + texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)).toBeLessThanOrEqual(
            10_000_000,
          );
          expect(written.deadLetterReason).toMatch(/^SyntaxError/);
        },
      ),
      { numRuns: 10 },
    ));
});

test('an event in binary mode goes to the dead letter, with what to do', async () => {
  const { push, letters } = neighbours();
  expect(await push(bodyOf(Buffer.from('{"celsius":20}'), '7', 1, { attributes: { 'ce-id': '1', 'ce-specversion': '1.0' } }))).toBe(204);
  expect(letters[0]!.attributes!.deadLetterReason).toBe(
    'InvalidEvent: the event is in binary mode, with its attributes beside its data. Send it in structured mode, as one JSON object',
  );
});

test.each([Object.create(null), new RangeError('Maximum call stack size exceeded'), 'a text', undefined])(
  'whatever is thrown at the last attempt, the message goes to the dead letter: %p',
  async (thrown) => {
    const letters: Message[] = [];
    const handler = pubSubPushSource({
      transform: (event) => event,
      trial: survives,
      sink: {
        encode: (row) => row,
        write: () => {
          throw thrown;
        },
      },
      deadLetter: async (message) => void letters.push(message),
    });
    let code = 0;
    const response = { status: (answered: number) => ({ end: () => (code = answered) }) };
    await handler(
      { body: bodyOf(bytesOf(eventOf('1')), '1', MAX_ATTEMPTS), query: { maxDeliveryAttempts: String(MAX_ATTEMPTS) } },
      response,
    );
    expect([code, letters.length]).toEqual([204, 1]);
  },
);

test('an event of more rows than a stack holds is stored', async () => {
  const { push, lots } = neighbours({ transform: () => Array.from({ length: 200_000 }, (_, part) => ({ part })) });
  expect(await push(bodyOf(bytesOf(eventOf('1'))))).toBe(204);
  expect(lots[0]!.made).toHaveLength(200_000);
});

test('a lot is named after its subscription and its message, and knows when and where its record arrived', async () => {
  const { push, lots } = neighbours({ transform: (event) => [event, { of: event.id }] });
  await push(bodyOf(bytesOf(eventOf('1')), '7'));
  expect(lots.map(({ name, arrived }) => [name, arrived.toISOString()])).toEqual([
    ['acme-data-acme-events-processing-7', '2026-01-31T08:30:00.250Z'],
  ]);
  expect(lots[0]!.made.map(({ stored }) => stored.index)).toEqual([0, 1]);
  expect(lots[0]!.made[0]!.record).toEqual({
    bytes: bytesOf(eventOf('1')),
    arrived: new Date('2026-01-31T08:30:00.250Z'),
    position: { subscription: SUBSCRIPTION, messageId: '7', publishTime: PUBLISH_TIME },
  });
});

test('a message that comes again makes the same lot', async () => {
  const { push, lots } = neighbours();
  for (const attempt of [1, 2]) await push(bodyOf(bytesOf(eventOf('1')), '7', attempt));
  expect(lots[1]).toEqual(lots[0]);
});

test('what the store refuses goes to the dead letter at once, with its reason', async () => {
  const { push, letters } = neighbours();
  expect(await push(bodyOf(bytesOf(eventOf('1', { type: 'refused' }))))).toBe(204);
  expect(letters.map(({ attributes }) => attributes!.deadLetterReason)).toEqual(['PermanentError: the store refuses it']);
});

describe('an event is tried out', () => {
  test('before the transform runs on it here, and what does not survive goes to the dead letter, with the reason', async () => {
    const ran: string[] = [];
    const transform: Transform = (event) => {
      ran.push(event.id);
      return event;
    };
    const trial: Trial = async ({ bytes }) => (bytes.includes('deadly') ? 'It ends the process.' : undefined);
    const { push, lots, letters } = neighbours({ transform, trial });
    for (const [id, attempt] of [
      ['deadly', 2],
      ['good', 2],
    ] as const) {
      expect(await push(bodyOf(bytesOf(eventOf(id)), id, attempt))).toBe(204);
    }
    expect(ran).toEqual(['good']);
    expect(lots).toHaveLength(1);
    expect(letters.map(({ attributes }) => attributes!.deadLetterReason)).toEqual(['It ends the process.']);
  });

  test.each([
    [60, { timeoutSeconds: '60' }],
    [600, { timeoutSeconds: '600' }],
    [60, {}],
    [60, { timeoutSeconds: 'soon' }],
    [60, { timeoutSeconds: ['1', '2'] }],
  ])('with a tenth of the %i seconds that a call may take: %j', async (seconds, query) => {
    const asked: Tried[] = [];
    const { push } = neighbours({ trial: async (event) => void asked.push(event) });
    await push(bodyOf(bytesOf(eventOf('1')), '1', 3), query);
    expect(asked).toEqual([{ bytes: bytesOf(eventOf('1')), attempt: 3, milliseconds: seconds * 100 }]);
  });

  test('and comes again when its letter cannot be sent', async () => {
    const { push } = neighbours({ trial: async () => 'It ends the process.', fault: () => 'before' });
    expect(await push(bodyOf(bytesOf(eventOf('1')), '1', MAX_ATTEMPTS))).toBe(503);
  });
});

describe('answers 400 and says so', () => {
  const whole = bodyOf(bytesOf(eventOf('1')));
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'text'],
    ['an event that is not wrapped', eventOf('1')],
    ['no subscription', { ...whole, subscription: undefined }],
    ['no message', { ...whole, message: undefined }],
    ['no id', { ...whole, message: { ...whole.message, messageId: undefined } }],
    ['no time', { ...whole, message: { ...whole.message, publishTime: 'today' } }],
    ['data that is no text', { ...whole, message: { ...whole.message, data: 1 } }],
  ])('to %s', async (_, body) => {
    const { push, lots, letters } = neighbours();
    expect(await push(body)).toBe(400);
    expect([lots, letters]).toEqual([[], []]);
    expect(JSON.parse(lines[0]!)).toEqual({ severity: 'ERROR', message: 'A request is not a Pub/Sub push request.' });
  });
});

test('logs are lines of JSON with a severity, and never hold the event', async () => {
  const { push } = neighbours({ fault: () => 'before' });
  await push(bodyOf(bytesOf(eventOf('1', { data: 'secret' }))));
  await push(bodyOf(bytesOf(eventOf('1', { data: 'secret', part: 'secret' }))));
  expect(lines.map((line) => JSON.parse(line).severity)).toEqual(['WARNING', 'WARNING']);
  expect(lines.join()).not.toContain('secret');
});
