import { connect } from 'node:net';
import fc from 'fast-check';
import { send, tokenOf } from '../../../../docs/examples/device';
import { sealedOnGcp } from '../../../support/handler-processes';
import { loopback } from '../../../support/loopback';
import { expectEachNeeded } from '../../../support/needed-settings';
import { AUDIENCE, Device, encoded, event, gatewayFolder, SETTINGS, startAll, startGateway } from '../../connect/device-gateway/gateway';

/** Several processes start in some of these tests. */
jest.setTimeout(60_000);

const SOURCE = 'acme-gateway/press-7';
const press = new Device('press-7');
const pump = new Device('pump-2');

let all: Awaited<ReturnType<typeof startAll>>;
beforeAll(async () => {
  all = await startAll();
});
beforeEach(() => {
  const { registry, topic } = all;
  registry.objects.clear();
  registry.objects.set('devices/press-7.pem', press.pem).set('devices/pump-2.pem', pump.pem);
  [registry.state, registry.missing, topic.fate] = ['up', 403, () => undefined];
  registry.asked.length = 0;
  topic.published.length = 0;
});

/** Keys are kept for 0.3 seconds here. */
const forgotten = () => new Promise((resolve) => setTimeout(resolve, 350));
const idsOf = (events: readonly Record<string, any>[]) => events.map(({ id }) => id);

describe('an event', () => {
  test('is answered after it is in the topic, with the device as its source', async () => {
    let answered = false;
    let early: boolean | undefined;
    all.topic.fate = async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      early = answered;
      return undefined;
    };
    const received = await all.send(event('1'), press.token());
    answered = true;
    expect([received.status, received.text, early]).toEqual([204, '', false]);
    expect(all.topic.published).toEqual([{ ...event('1'), source: SOURCE }]);
  });

  test('cannot have the source of another device', async () => {
    expect((await all.send(event('1', { source: 'acme-gateway/pump-2' }), press.token())).status).toBe(204);
    expect(all.topic.published).toEqual([{ ...event('1'), source: SOURCE }]);
  });

  test('keeps all digits of its numbers', async () => {
    const data = '{"big":12345678901234567890,"exact":0.12345678901234567890123}';
    expect((await all.send(JSON.stringify(event('1')).replace(/}$/, `,"data":${data}}`), press.token())).status).toBe(204);
    expect(all.topic.texts[0]).toContain(`"data":${data}`);
  });

  test.each([
    ['without a type', { ...event('1'), type: undefined }, "InvalidEvent: event must have required property 'type'"],
    ['with a wrong time', event('1', { time: 'now' }), 'InvalidEvent: time must be a valid time, such as 2026-01-31T08:30:00.125Z'],
    ['that is a text', '"event"', 'InvalidEvent: event must be object'],
    ['that is not JSON', '{', 'SyntaxError: not JSON'],
    ['that is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'InvalidEvent: not UTF-8'],
    ['with a name twice', '{"id":"1","id":"2"}', 'SyntaxError: a name occurs twice in an object'],
    ['that is too deep', `${'['.repeat(600)}${']'.repeat(600)}`, 'RangeError: nested more than 500 levels deep'],
  ])('%s is refused with the reason in one line, and is nowhere', async (_, body, reason) => {
    const received = await all.send(body, press.token());
    expect([received.status, received.text]).toEqual([400, reason]);
    expect(all.topic.published).toEqual([]);
  });

  test('that the topic itself refuses is refused, without its neighbours', async () => {
    all.topic.fate = (events) =>
      idsOf(events).includes('2') ? { status: 400, body: '{"error":{"code":400,"status":"INVALID_ARGUMENT"}}' } : undefined;
    const received = await all.send([event('1'), event('2'), event('3')], press.token());
    expect(received.status).toBe(200);
    const { results } = JSON.parse(received.text);
    expect(results.map(({ accepted }: { accepted: boolean }) => accepted)).toEqual([true, false, true]);
    expect(idsOf(all.topic.published).sort()).toEqual(['1', '3']);
  });
});

test('the example of a device on the page sends events, and knows what to do next', async () => {
  const token = tokenOf('press-7', AUDIENCE, press.privatePem);
  const sent = (events: object[]) => send(all.url, token, events);
  expect(await sent([event('1'), event('2')])).toBe('done');
  expect(idsOf(all.topic.published)).toEqual(['1', '2']);
  expect(await sent([event('3'), {}])).toBe('refused');
  expect(await send(all.url, 'x', [event('4')])).toBe('token');
  all.topic.fate = () => ({ status: 503, body: 'no' });
  expect(await sent([event('5')])).toBe('again');
  expect(await send('http://127.0.0.1:1/events', token, [event('6')])).toBe('again');
  // Node.js itself answers a request that arrives too slowly.
  expect(await send(await loopback(() => ({ status: 408, body: '' })), token, [event('7')])).toBe('again');
});

describe('a batch', () => {
  const valid = fc.record({
    isValid: fc.constant(true),
    more: fc.constantFrom({}, { data: { a: 1 } }, { source: '/x' }, { subject: null }),
  });
  const invalid = fc.record({
    isValid: fc.constant(false),
    more: fc.constantFrom({ specversion: '2.0' }, { id: '' }, { time: 'now' }, { data: 1, data_base64: 'AA==' }, { 'a-b': 1 }, { type: 5 }),
  });

  test('has each of its events in exactly one place: in the topic once, or with the device and the reason', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(valid, invalid), { minLength: 1, maxLength: 30 }), async (wanted) => {
        all.topic.published.length = 0;
        const sent = wanted.map(({ more }, index) => event(`event-${index}`, more));
        const { status, text } = await all.send(sent, press.token());
        const { results } = JSON.parse(text) as { results: { accepted: boolean; reason?: string }[] };
        expect(results.map(({ accepted }) => accepted)).toEqual(wanted.map(({ isValid }) => isValid));
        for (const { accepted, reason } of results)
          expect(accepted ? reason : reason!.length > 0 && !reason!.includes('\n')).toBe(accepted ? undefined : true);
        expect(idsOf(all.topic.published)).toEqual(sent.filter((_, index) => wanted[index]!.isValid).map(({ id }) => id));
        expect(all.topic.published.every(({ source }) => source === SOURCE)).toBe(true);
        expect(status).toBe(wanted.some(({ isValid }) => isValid) ? 200 : 400);
      }),
      { numRuns: 40 },
    );
  });

  test('has 1000 events at most, which are one request to Pub/Sub', async () => {
    const before = all.topic.requests;
    const events = (count: number) => Array.from({ length: count }, (_, index) => event(String(index)));
    expect((await all.send(events(1000), press.token())).status).toBe(200);
    expect([all.topic.requests - before, all.topic.published.length]).toEqual([1, 1000]);
    expect(await all.send(events(1001), press.token())).toMatchObject({
      status: 400,
      text: 'InvalidEvent: a batch must have 1 to 1000 events, got 1001',
    });
    expect(await all.send([], press.token())).toMatchObject({
      status: 400,
      text: 'InvalidEvent: a batch must have 1 to 1000 events, got 0',
    });
  });

  test('of the largest body fits into one request to Pub/Sub, also if its numbers grow', async () => {
    const [LARGEST, LIMIT] = [1_000_000, 10_000_000];
    // 1e20 has five characters with its comma, and 22 as Pub/Sub gets it. All of it is base64 then.
    const body = JSON.stringify(event('x')).replace(/}$/, `,"data":[1${',1e20'.repeat(20_000)}]}`);
    expect((await all.send(`[${body}]`, press.token())).status).toBe(200);
    const growth = all.topic.texts[0]!.length / body.length;
    expect(growth).toBeGreaterThan(4);
    expect((LARGEST * growth * 4) / 3 + 1000 * 200).toBeLessThan(LIMIT);
  });

  test('with numbers of hundreds of digits, which is too large for Pub/Sub, is refused and not sent back for ever', async () => {
    // 20 characters that no double represents, and 308 digits as Pub/Sub gets them.
    const grows = (id: string) => JSON.stringify(event(id)).replace(/}$/, `,"data":[1${',9007199254740993e292'.repeat(25_000)}]}`);
    const alone = await all.send(grows('1'), press.token());
    expect([alone.status, alone.text]).toEqual([400, 'RangeError: a request to Pub/Sub has 1000 messages and 10000000 bytes at most']);
    const { status, text } = await all.send(`[${grows('1')},${JSON.stringify(event('2'))}]`, press.token());
    expect([status, JSON.parse(text).results.map(({ accepted }: { accepted: boolean }) => accepted)]).toEqual([200, [false, true]]);
    expect(idsOf(all.topic.published)).toEqual(['2']);
  });
});

describe('a token', () => {
  const denied = async (token: string | undefined, init: RequestInit = {}) => {
    const { status, text, headers } = await all.send(event('1'), token, init);
    expect([status, headers.get('www-authenticate'), all.topic.published]).toEqual([401, 'Bearer', []]);
    expect(headers.get('date')).toBeTruthy();
    return text.replace(/^Unauthorized: /, '');
  };
  const FORM = 'the header Authorization must be Bearer and a JSON Web Token';
  const UNKNOWN = 'no registered key of the device verifies the token';

  test('is needed', async () => {
    expect(await denied(undefined)).toBe(FORM);
    expect(await denied('x')).toBe(FORM);
    expect(await denied(undefined, { headers: { authorization: 'Basic eA==' } })).toBe(FORM);
    expect(await denied('a'.repeat(3000).replace(/^.{10}/, 'a.b.'))).toBe(FORM);
    expect(all.registry.asked).toEqual([]);
  });

  test('is accepted or not as its claims say', async () => {
    const seconds = fc.integer({ min: -8000, max: 8000 }).filter((one) => [-3660, -60, 60].every((edge) => Math.abs(one - edge) > 5));
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          issued: seconds,
          expires: seconds,
          aud: fc.constantFrom<unknown>(AUDIENCE, [AUDIENCE, 'x'], 'x', '', undefined, `${AUDIENCE}2`),
        }),
        async ({ issued, expires, aud }) => {
          const now = Math.floor(Date.now() / 1000);
          const { status } = await all.send(event('1'), press.token({ iat: now + issued, exp: now + expires, aud }));
          const isFor = aud === AUDIENCE || (Array.isArray(aud) && aud.includes(AUDIENCE));
          const isInTime = issued <= 60 && issued >= -3660 && expires > -60;
          expect(status).toBe(isFor && isInTime ? 204 : 401);
        },
      ),
      { numRuns: 80 },
    );
  });

  test.each([
    ['without an end', { exp: undefined }, 'missing required "exp" claim'],
    ['without a start', { iat: undefined }, 'missing required "iat" claim'],
    ['for another gateway', { aud: 'other' }, 'unexpected "aud" claim value'],
    ['that has ended', { iat: 1, exp: 2 }, '"exp" claim timestamp check failed'],
    ['for a day', { iat: Math.floor(Date.now() / 1000) - 4000, exp: 9e9 }, '"iat" claim timestamp check failed (too far in the past)'],
  ])('%s is told what is wrong, because its device is known', async (_, claims, reason) =>
    expect(await denied(press.token(claims))).toBe(reason),
  );

  test('that is changed anywhere is refused', async () => {
    const token = press.token();
    const bytesOf = (text: string) =>
      text.split('.').map((part, index) => (index === 2 ? Buffer.from(part, 'base64url').toString('hex') : part));
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...'Aaz09-_.'), async (at, sign) => {
        const changed = token.slice(0, at) + sign + token.slice(at + 1);
        fc.pre(String(bytesOf(changed)) !== String(bytesOf(token)));
        expect((await all.send(event('1'), changed)).status).toBe(401);
      }),
      { numRuns: 100 },
    );
    expect(all.topic.published).toEqual([]);
  });

  test('of one device is not one of another, and a device that is not registered is told the same', async () => {
    expect(await denied(press.token({}, { kid: 'pump-2' }))).toBe(UNKNOWN);
    expect(await denied(new Device('nobody').token())).toBe(UNKNOWN);
  });

  test.each(['none', 'HS256', 'RS256', 'ES384', '', undefined])(
    'with the algorithm %s is refused, and the registry is not asked',
    async (alg) => {
      const [, payload, signature] = press.token().split('.');
      expect(await denied(`${encoded({ alg, kid: 'press-7' })}.${payload}.${signature}`)).toMatch(
        /^the (algorithm of the token must be ES256|token cannot be read)$/,
      );
      expect(all.registry.asked).toEqual([]);
    },
  );

  test('signed with the public key as a secret is refused', async () => {
    const { createHmac } = await import('node:crypto');
    const [, payload] = press.token().split('.');
    const signed = `${encoded({ alg: 'HS256', kid: 'press-7' })}.${payload}`;
    await denied(`${signed}.${createHmac('sha256', press.pem).update(signed).digest('base64url')}`);
  });

  test('cannot bring its own key', async () => {
    const stranger = new Device('press-7');
    await denied(stranger.token({}, { jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }, jku: 'http://127.0.0.1/', x5c: ['x'] }));
    await denied(press.token({}, { crit: ['exp'] }));
  });

  test.each(['', '.', '..', '../x', 'a/b', 'a%2Fb', '-a', 'a b', 'ä', 'a'.repeat(129), 5, null, ['press-7'], { a: 1 }])(
    'with the kid %p is refused, and the registry is not asked',
    async (kid) => {
      expect(await denied(press.token({}, { kid }))).toBe('the kid of the token must be the id of a device');
      expect(all.registry.asked).toEqual([]);
    },
  );
});

describe('a device', () => {
  const status = async (device: Device) => (await all.send(event('1'), device.token())).status;

  test('with two keys can use each: so keys are rotated without a pause', async () => {
    const next = new Device('press-7');
    await forgotten();
    all.registry.objects.set('devices/press-7.pem', press.pem + next.pem);
    expect([await status(press), await status(next)]).toEqual([204, 204]);
    await forgotten();
    all.registry.objects.set('devices/press-7.pem', next.pem);
    expect([await status(press), await status(next)]).toEqual([401, 204]);
    await forgotten();
  });

  test.each([403, 404])('that is deleted from the registry is not accepted any more, once its keys are forgotten (%i)', async (missing) => {
    await forgotten();
    all.registry.missing = missing;
    expect(await status(press)).toBe(204);
    all.registry.objects.delete('devices/press-7.pem');
    await forgotten();
    expect(await status(press)).toBe(401);
    all.registry.objects.set('devices/press-7.pem', press.pem);
    await forgotten();
    expect(await status(press)).toBe(204);
  });

  test('is looked up once for many requests', async () => {
    const { registry, send } = await startAll({ DEVICE_KEY_SECONDS: '60' });
    registry.objects.set('devices/press-7.pem', press.pem);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => send(event(String(index)), press.token())));
    expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(204));
    expect(registry.asked).toEqual(['GET /storage/v1/b/acme-devices/o/devices%2Fpress-7.pem?alt=media']);
  });

  test.each([
    ['a private key', () => press.pem + press.privatePem, 'The registry has a private key. Delete it, and register another key.'],
    [
      'a key of another kind',
      () => require('node:crypto').generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }),
      'The registry has a key that is not of the curve P-256.',
    ],
    ['a broken key', () => press.pem.replace(/M/, 'x'), 'The registry has a key that cannot be read.'],
    ['a text', () => 'press-7', 'The registry has an object without a public key.'],
    ['a large object', () => `${' '.repeat(20_000)}${press.pem}`, 'The registry has an object of more than 16384 bytes.'],
    ['nothing', () => '', undefined],
  ])('with %s in the registry is not accepted, and the log says so without the key', async (name, text, message) => {
    const device = new Device(`wrong-${name.replaceAll(' ', '-')}`);
    all.registry.objects.set(`devices/${device.id}.pem`, text());
    expect(await status(device)).toBe(401);
    if (!message) expect(all.output()).not.toContain(device.id);
    if (message) expect(all.output()).toContain(JSON.stringify({ severity: 'ERROR', message, device: device.id }).slice(0, -1));
    expect(all.output()).not.toContain('BEGIN');
  });

  test('with more than four keys can use the first four, and the log says so', async () => {
    const [other, fifth] = [new Device('five'), new Device('five')];
    all.registry.objects.set('devices/five.pem', [press, press, press, other, fifth].map(({ pem }) => pem).join(''));
    expect([await status(other), await status(fifth)]).toEqual([204, 401]);
    expect(all.output()).toContain('"message":"The registry has more than 4 keys. The first 4 are used.","device":"five"');
  });

  test('whose token is refused for its claims is in the log, and one that nobody signed is not', async () => {
    const before = all.output().length;
    await all.send(event('1'), press.token({ aud: 'other' }));
    await all.send(event('1'), new Device('press-7').token());
    const lines = all.output().slice(before).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { severity: 'WARNING', message: 'A token was refused.', device: 'press-7', reason: 'unexpected "aud" claim value' },
    ]);
  });

  test('is not accepted while the registry cannot be read, and is told when to come again', async () => {
    for (const state of ['down', 'denied'] as const) {
      await forgotten();
      all.registry.state = state;
      const { status: code, headers, text } = await all.send(event('1'), press.token());
      expect([code, headers.get('retry-after'), text]).toEqual([503, '10', 'ServiceUnavailable: the registry cannot be read']);
    }
    // What failed is not kept.
    all.registry.state = 'up';
    expect(await status(press)).toBe(204);
    expect(all.output()).toContain('"message":"The registry cannot be read. Devices send their events again."');
  });

  test('with a made-up name cannot keep the registry busy for ever, and pushes out no other', async () => {
    await forgotten();
    all.registry.state = 'slow';
    const strangers = Array.from({ length: 80 }, (_, index) => status(new Device(`stranger-${index}`)));
    const codes = Promise.all(strangers);
    await new Promise((resolve) => setTimeout(resolve, 200));
    // Its keys are forgotten, but not that it is registered: strangers leave room for it.
    expect(await status(press)).toBe(204);
    expect([...new Set(await codes)].sort()).toEqual([401, 429]);
    all.registry.state = 'up';
    expect(await status(press)).toBe(204);
  });
});

describe('back pressure', () => {
  test.each([
    ['throttles', { status: 429, body: 'no' }],
    ['is not available', { status: 503, body: 'no' }],
    ['denies', { status: 403, body: 'no' }],
    ['is gone', { status: 404, body: 'no' }],
  ])('while Pub/Sub %s, nothing is accepted, and the device is told when to come again', async (_, fate) => {
    all.topic.fate = () => fate;
    for (const body of [event('1'), [event('1'), event('2', { id: '' })]]) {
      const { status, headers, text } = await all.send(body, press.token());
      expect([status, headers.get('retry-after'), text]).toEqual([503, '10', 'ServiceUnavailable: the events were not published']);
    }
    expect(all.output()).toContain('"message":"The events were not published. The device sends them again.","device":"press-7","events":1');
  });

  test('an instance takes no more than there is room for, and one request always', async () => {
    const small = await startAll({ DEVICE_OPEN_BYTES: '1000' });
    small.registry.objects.set('devices/press-7.pem', press.pem).set('devices/pump-2.pem', pump.pem);
    let release = () => {};
    const held = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined);
    });
    let isHeld = () => {};
    const arrived = new Promise<void>((resolve) => {
      isHeld = resolve;
    });
    small.topic.fate = () => {
      isHeld();
      return held;
    };
    const first = small.send(event('1', { data: 'x'.repeat(2000) }), press.token());
    await arrived;
    const { status, headers, text } = await small.send(event('2'), pump.token());
    expect([status, headers.get('retry-after'), text]).toEqual([429, '1', 'TooManyRequests: other requests are open']);
    // Without a token, nobody gets room, or is refused for the lack of it.
    expect((await small.send(event('3'))).status).toBe(401);
    release();
    expect((await first).status).toBe(204);
    expect((await small.send(event('2'), press.token())).status).toBe(204);
    expect(idsOf(small.topic.published)).toEqual(['1', '2']);
  });

  test('the default memory is enough for the worst that devices can send at a time', async () => {
    // Node.js takes half of 512 MiB for objects.
    const small = await startAll({ NODE_OPTIONS: '--max-old-space-size=256', DEVICE_KEY_SECONDS: '600' });
    small.registry.objects.set('devices/press-7.pem', press.pem).set('devices/pump-2.pem', pump.pem);
    // While it reads the worst, it may not answer about keys in time.
    for (const device of [press, pump]) expect((await small.send(event('0'), device.token())).status).toBe(204);
    const worst = JSON.stringify(event('1')).replace(/}$/, `,"data":[{}${',{}'.repeat(333_000)}]}`);
    const devices = [press, pump, press, pump, press, pump, press, pump];
    const codes = await Promise.all(devices.map(async (device) => (await small.send(worst, device.token())).status));
    expect(codes.filter((code) => code === 204).length).toBeGreaterThanOrEqual(4);
    expect(codes.every((code) => code === 204 || code === 429)).toBe(true);
    expect((await small.send(event('2'), press.token())).status).toBe(204);
  });

  test('a body that is too large, compressed or endless is not read', async () => {
    expect(await all.send('x'.repeat(1_000_001), press.token())).toMatchObject({ status: 413 });
    expect(await all.send('x', press.token(), { headers: { 'content-encoding': 'gzip' } })).toMatchObject({ status: 415 });
    const endless = async function* () {
      for (let part = 0; part < 20; part++) yield Buffer.alloc(100_000, 0x20);
    };
    const streamed = all.send('', press.token(), { body: endless() as never, duplex: 'half' } as never);
    expect(await streamed.catch(() => ({ status: 413 }))).toMatchObject({ status: 413 });
    expect(all.topic.published).toEqual([]);
  });

  test('a device that goes away before its body is read leaves its room to others', async () => {
    const small = await startAll({ DEVICE_OPEN_BYTES: '4000000' });
    small.registry.objects.set('devices/press-7.pem', press.pem);
    small.registry.state = 'slow';
    for (let times = 0; times < 4; times++) {
      const socket = connect(small.port!, '127.0.0.1');
      socket.write(`POST /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${press.token()}\r\nContent-Length: 1000000\r\n\r\n{`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      // The registry is still being read.
      socket.destroy();
    }
    small.registry.state = 'up';
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect((await small.send(event('1', { data: 'x'.repeat(2000) }), press.token())).status).toBe(204);
    expect(small.output()).not.toContain('severity');
  });

  test('one device takes half of the room at most, and leaves the rest to others', async () => {
    const small = await startAll({ DEVICE_OPEN_BYTES: '4000' });
    small.registry.objects.set('devices/press-7.pem', press.pem).set('devices/pump-2.pem', pump.pem);
    let release = () => {};
    const held = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined);
    });
    small.topic.fate = () => held;
    const data = 'x'.repeat(1000);
    const first = small.send(event('1', { data }), press.token());
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { status, text } = await small.send(event('2', { data }), press.token());
    expect([status, text]).toEqual([429, 'TooManyRequests: other requests of the device are open']);
    const other = small.send(event('3', { data }), pump.token());
    await new Promise((resolve) => setTimeout(resolve, 200));
    release();
    expect([(await first).status, (await other).status]).toEqual([204, 204]);
    expect((await small.send(event('2', { data }), press.token())).status).toBe(204);
  });

  test('a device that goes away while it sends is no fault', async () => {
    const before = all.output().length;
    const socket = connect(all.port!, '127.0.0.1');
    socket.write(`POST /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${press.token()}\r\nContent-Length: 100\r\n\r\n{`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(all.output().slice(before)).toBe('');
    expect((await all.send(event('1'), press.token())).status).toBe(204);
  });
});

describe('the server', () => {
  test('answers on one path, and by POST', async () => {
    const response = await fetch(all.url.replace('/events', '/'), { method: 'POST' });
    expect([response.status, await response.text()]).toEqual([404, 'NotFound: send events to /events']);
    const got = await fetch(all.url);
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('answers open requests before it is stopped', async () => {
    const other = await startAll();
    other.registry.objects.set('devices/press-7.pem', press.pem);
    other.topic.fate = () => new Promise((resolve) => setTimeout(() => resolve(undefined), 500));
    const sent = other.send(event('1'), press.token());
    await new Promise((resolve) => setTimeout(resolve, 200));
    other.child.kill('SIGTERM');
    expect((await sent).status).toBe(204);
    expect(await other.ended).toBe(0);
  });

  test('does not start without any of its settings, and says which is missing', () =>
    expectEachNeeded(gatewayFolder(), SETTINGS, { ...sealedOnGcp(gatewayFolder()), PORT: '0' }));

  test('does not start without limits: a limit that is no number would let old tokens in', async () => {
    for (const wrong of [{ DEVICE_TOKEN_SECONDS: 'x' }, { DEVICE_OPEN_BYTES: '-1' }]) {
      const { port, output } = await startGateway({ ...SETTINGS, ...wrong });
      expect(port).toBeUndefined();
      expect(output()).toContain('openBytes and maxSeconds must be above 0');
    }
  });

  test('writes no token and no event into its log', () => {
    const token = press.token().split('.');
    for (const secret of [token[0]!, token[1]!.slice(0, 20), 'com.example.press.heated', 'BEGIN'])
      expect(all.output()).not.toContain(secret);
  });
});
