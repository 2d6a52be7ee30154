import type { Sample } from '../corpus';
import { run } from '../run';
import type { Message } from '../story';
import { asItCame, madeUp } from './stand-in-platform';

const samples = (count: number): Sample[] =>
  Array.from({ length: count }, (_, index) => ({
    kind: 'test',
    body: Buffer.from(JSON.stringify({ source: '/test', id: String(index + 1) })),
  }));

const eventOf = (source: string, id: string) => Buffer.from(JSON.stringify({ source, id }));

async function ran(conduct: Parameters<typeof madeUp>[0], options: Partial<Parameters<typeof run>[0]> = {}) {
  const { blueprint, done } = madeUp(conduct);
  const messages: Message[] = [];
  const outcome = await run({
    blueprint,
    make: asItCame,
    folder: '',
    samples: samples(30),
    tell: (message) => messages.push(message),
    ...options,
  }).catch(String);
  return { outcome, done, messages, kinds: messages.map(({ kind }) => kind) };
}

test('tells what of the template runs before anything starts, then where to look, then the balance', async () => {
  const { outcome, done, kinds } = await ran({});
  expect(outcome).toMatchObject({ sent: 30, accepted: 30, stored: 30, faults: [] });
  expect(kinds.filter((kind) => kind !== 'way' && kind !== 'counts')).toEqual(['coverage', 'up', 'end']);
  expect(done).toMatchObject({ started: 1, stopped: 1 });
});

test('nothing starts when something of the template is refused, and the line says what', async () => {
  const { outcome, done, kinds } = await ran({ refused: 'Mode' });
  expect(outcome).toBe('RefusedError: Queue Buffer Mode: nobody knows it');
  expect([kinds, done.started]).toEqual([['coverage'], 0]);
});

test('an event that the platform loses makes the books say so', async () => {
  const { outcome } = await ran({ fate: (_, number) => (number === 7 ? 'lost' : 'stored') });
  expect(outcome).toMatchObject({ stored: 29, faults: ['1 event accepted, and neither in the store nor in the dead letter: #7 (test)'] });
});

test('each event is told with its whole way', async () => {
  const { messages } = await ran({
    door: (_, number) => (number === 2 ? { accepted: false, reason: 'too large' } : { accepted: true, position: `p-${number}` }),
    fate: (_, number) => (number === 3 ? 'dead' : 'stored'),
  });
  const ways = messages.flatMap((message) => (message.kind === 'way' ? [message] : [])).sort((a, b) => a.number - b.number);
  expect(ways).toHaveLength(30);
  expect(ways.slice(0, 3).map(({ way, end }) => [end, ...way])).toEqual([
    ['stored', 'p-1', '1 event of shard 1', 'here'],
    ['rejected', 'refused: too large'],
    ['dead letter', 'p-3', '1 event of shard 1', 'bad'],
  ]);
});

test('a platform is stopped when its door breaks', async () => {
  const door = () => {
    throw new Error('the door is broken');
  };
  const { outcome, done } = await ran({ door });
  expect(outcome).toBe('Error: the door is broken');
  expect(done.stopped).toBe(1);
});

test('events that are never settled end the run with a line, once nothing happens any more', async () => {
  const { outcome, done } = await ran({ fate: (_, number) => (number === 5 ? 'stuck' : 'stored') }, { patienceSeconds: 0.1 });
  expect(outcome).toBe('Error: 1 event is not yet in the store or in the dead letter, and nothing happened for 0.1 s.');
  expect(done.stopped).toBe(1);
});

test('whoever stops it still gets a balance of what was sent', async () => {
  const stop = new AbortController();
  function* endless() {
    for (const sample of samples(1e6)) {
      yield sample;
      if (sample.body.includes('"100"')) stop.abort();
    }
  }
  const { outcome } = await ran({}, { samples: endless(), stopped: stop.signal });
  expect(outcome).toMatchObject({ faults: [] });
  expect((outcome as { sent: number }).sent).toBeGreaterThanOrEqual(100);
  expect((outcome as { sent: number }).sent).toBeLessThan(200);
});

test('with keep it stays up until it is stopped', async () => {
  const stop = new AbortController();
  const { blueprint, done } = madeUp();
  const stoppedAtTheEnd: number[] = [];
  const tell = (message: Message) => {
    if (message.kind !== 'end') return;
    setTimeout(() => {
      stoppedAtTheEnd.push(done.stopped);
      stop.abort();
    }, 20);
  };
  await run({ blueprint, make: asItCame, folder: '', samples: samples(3), keep: true, stopped: stop.signal, tell });
  expect([stoppedAtTheEnd, done.stopped]).toEqual([[0], 1]);
});

test('what is broken for good ends the run in a line, and does not wait for patience to end', async () => {
  const { outcome, done } = await ran({ fate: (_, number) => (number === 5 ? 'broken' : 'stored') });
  expect(outcome).toBe('Error: the app does not load');
  expect(done.stopped).toBe(1);
});

test('a run prints the seed of its chances, and takes one', async () => {
  const seedOf = ({ messages }: Awaited<ReturnType<typeof ran>>) => messages.flatMap((one) => (one.kind === 'up' ? [one.seed] : []));
  expect(seedOf(await ran({}, { seed: 7 }))).toEqual([7]);
  expect(seedOf(await ran({}))).toEqual([expect.any(Number)]);
});

test('an event that the transform drops is told when its batch is done, and counted', async () => {
  const make = (body: Buffer) => (body.includes('"7"') ? { rows: [], event: {} } : asItCame(body));
  const { outcome, messages } = await ran({ fate: (body) => (body.includes('"7"') ? 'dropped' : 'stored') }, { make });
  expect(outcome).toMatchObject({ stored: 29, dropped: 1, faults: [] });
  expect(messages).toContainEqual(
    expect.objectContaining({ number: 7, end: 'dropped', way: ['p-7', '1 event of shard 1', 'dropped by the transform'] }),
  );
  expect(messages.findLast(({ kind }) => kind === 'counts')).toMatchObject({ counts: { dropped: 1, stored: 29 } });
});

test('a run whose events are all in the dead letter has a hint, unless something was to go wrong', async () => {
  expect((await ran({ fate: () => 'dead' })).outcome).toMatchObject({ faults: [], hint: expect.stringContaining('Nothing was stored') });
  expect((await ran({ fate: () => 'dead' }, { fault: 'burst' })).outcome).toMatchObject({ hint: undefined });
  expect((await ran({})).outcome).toMatchObject({ hint: undefined });
});

test('an event that somebody else sends is told and counted, and one that the run sent before is told as sent again', async () => {
  const { blueprint, byHand } = madeUp();
  const messages: Message[] = [];
  const tell = (message: Message) => {
    messages.push(message);
    if (message.kind === 'way' && message.number === 1) for (const body of [samples(1)[0]!.body, eventOf('/mine', 'x')]) byHand(body);
  };
  const balance = await run({ blueprint, make: asItCame, folder: '', samples: samples(30), tell });
  const ways = messages.flatMap((message) => (message.kind === 'way' && message.byHand ? [message.event] : []));
  expect(ways).toEqual(['test, sent again', 'by hand, id x']);
  expect(balance).toMatchObject({ sent: 32, accepted: 32, faults: [] });
});

test('what comes in while it stays up is in a balance at the end', async () => {
  const { blueprint, byHand } = madeUp();
  const stop = new AbortController();
  const ends: number[] = [];
  const tell = (message: Message) => {
    if (message.kind !== 'end') return;
    if (ends.push(message.balance.sent) > 1) return;
    setTimeout(() => {
      byHand(eventOf('/mine', 'late'));
      stop.abort();
    });
  };
  const balance = await run({ blueprint, make: asItCame, folder: '', samples: samples(30), keep: true, stopped: stop.signal, tell });
  expect(balance).toMatchObject({ sent: 31, stored: 31, faults: [] });
  expect(ends).toEqual([30, 31]);
});
