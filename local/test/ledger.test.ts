import fc from 'fast-check';
import { balanceOf, balanceOfEach } from '../balance';
import { hashOf } from '../contents';
import { Ledger } from '../ledger';
import type { Made } from '../made';
import type { Letter, StoredRow } from '../platform';
import { asItCame } from './stand-in-platform';

const body = (id: string, more: object = {}) => Buffer.from(JSON.stringify({ source: '/test', id, ...more }));
const row = (id: string, more: object = {}): StoredRow => ({
  event: { source: '/test', id },
  text: body(id, more).toString(),
  place: 'events/1.ndjson',
});
const letter = (bytes: Buffer, reason = 'bad'): Letter => ({ bytes, reason, place: 'queue' });

/** Books in which each event was accepted, or turned away with a reason. */
function books(...events: readonly (Buffer | [Buffer, string])[]) {
  return booksWith(asItCame, ...events);
}

function booksWith(make: (body: Buffer) => Made, ...events: readonly (Buffer | [Buffer, string])[]) {
  const ledger = new Ledger(make);
  events.forEach((event, index) => {
    const [bytes, reason] = Array.isArray(event) ? event : [event];
    const entry = ledger.open({ kind: 'test', body: bytes });
    entry.receipt = reason === undefined ? { accepted: true, position: String(index) } : { accepted: false, reason };
  });
  return ledger;
}

const balance = (ledger: Ledger, rows: readonly StoredRow[], letters: readonly Letter[] = []) => balanceOf(ledger, { rows, letters });

test('an event in the store, one in the dead letter and one that was turned away are no faults', async () => {
  const poison = Buffer.from('poison');
  expect(await balance(books(body('1'), poison, [body('2'), 'too large']), [row('1')], [letter(poison, 'no JSON')])).toEqual({
    sent: 3,
    made: 0,
    accepted: 2,
    rejected: { 'too large': 1 },
    stored: 1,
    dropped: 0,
    deadLettered: { 'no JSON': 1 },
    inBoth: 0,
    changedAtDoor: 0,
    duplicatesRemoved: 0,
    faults: [],
  });
});

test.each<[string, Ledger, StoredRow[], Letter[], string]>([
  ['lost', books(body('1'), body('2')), [row('1')], [], '1 event accepted, and neither in the store nor in the dead letter: #2 (test)'],
  ['in both places', books(body('1')), [row('1')], [letter(body('1'))], '1 event both in the store and in the dead letter: #1 (test)'],
  ['made up', books(body('1')), [row('1'), row('9')], [], '1 row is from no event that was sent, first in events/1.ndjson'],
  [
    'nameless',
    books(body('1')),
    [row('1'), { text: 'x', place: 'a' }],
    [],
    '1 row is different from all rows of the transform, without source and id, first in a',
  ],
])('what is %s is a fault', async (_, ledger, rows, letters, fault) => {
  expect((await balance(ledger, rows, letters)).faults).toEqual([fault]);
});

test('an event that was never answered is a fault', async () => {
  const ledger = new Ledger(asItCame);
  ledger.open({ kind: 'test', body: body('1') });
  expect((await balance(ledger, [])).faults).toEqual(['1 event sent, and got no response: #1 (test)']);
});

test('what was turned away and lies in the store all the same is a fault', async () => {
  expect((await balance(books([body('1'), 'no']), [row('1')])).faults).toEqual(['1 event refused, and in the store: #1 (test)']);
});

test('a row that stands twice is removed, unless the view that should show it once shows it twice', async () => {
  const rows = [row('1'), row('1')];
  expect(await balance(books(body('1')), rows)).toMatchObject({ duplicatesRemoved: 1, faults: [] });
  expect((await balanceOf(books(body('1')), { rows, unique: rows, letters: [] })).faults).toEqual([
    '1 row is in the view twice, which must have no duplicates',
  ]);
});

const twoRows = (bytes: Buffer): Made => {
  const { id } = JSON.parse(bytes.toString());
  return { rows: [1, 2].map((half) => ({ source: '/test', id, half: String(half) })), event: {} };
};

test('an event may become several rows, and all of them must be there', async () => {
  const both = [row('1', { half: '1' }), row('1', { half: '2' })];
  expect(await balance(booksWith(twoRows, body('1')), both)).toMatchObject({ stored: 1, duplicatesRemoved: 0, faults: [] });
  expect((await balance(booksWith(twoRows, body('1')), both.slice(1))).faults).toEqual([
    '1 event in the store with only some of the rows: #1 (test)',
  ]);
});

test('an event that the transform makes no rows of is at its end', async () => {
  const ledger = booksWith(() => ({ rows: [], event: {} }), body('1'));
  expect(await balance(ledger, [])).toMatchObject({ accepted: 1, stored: 0, dropped: 1, faults: [] });
});

test('rows that do not say whose they are are told by what they say', async () => {
  const nameless = (bytes: Buffer): Made => ({ rows: [{ data: JSON.parse(bytes.toString()).data }], event: {} });
  const events = [body('1', { data: 'a' }), body('2', { data: 'b' }), body('3', { data: 'b' })];
  const rowOf = (data: string): StoredRow => ({ text: JSON.stringify({ data }), place: 'here' });
  expect(await balance(booksWith(nameless, ...events), [rowOf('a'), rowOf('b'), rowOf('b')])).toMatchObject({ stored: 3, faults: [] });
  expect((await balance(booksWith(nameless, ...events), [rowOf('a'), rowOf('b')])).faults).toEqual([
    '2 events accepted, with a row that is in the store less often than the transform returned it: #2 (test), #3 (test)',
  ]);
});

test.each([
  ['a digit', '{"source":"/test","id":"1","n":9007199254740993.0}', '{"source":"/test","id":"1","n":9007199254740992}'],
  ['a text', '{"source":"/test","id":"1","n":"a"}', '{"source":"/test","id":"1","n":"b"}'],
  ['a member', '{"source":"/test","id":"1","n":null}', '{"source":"/test","id":"1"}'],
  ['an order', '{"source":"/test","id":"1","n":[1,2]}', '{"source":"/test","id":"1","n":[2,1]}'],
])('%s that is not what was sent is a fault, although the name is right', async (_, sent, found) => {
  const stored = { ...row('1'), text: found };
  expect((await balance(books(Buffer.from(sent)), [stored])).faults).toEqual(
    expect.arrayContaining(['1 event in the store, and different from what the transform returns: #1 (test)']),
  );
});

test('the order of members and zeros at the end of a number say nothing', async () => {
  const sent = Buffer.from('{"source":"/test","id":"1","n":100.00,"m":1e2,"z":-0}');
  const stored = { ...row('1'), text: '{"z":0,"m":100,"n":100,"id":"1","source":"/test"}' };
  expect((await balance(books(sent), [stored])).faults).toEqual([]);
});

test('a dead letter that holds other bytes than were sent is a fault', async () => {
  expect((await balance(books(body('1')), [row('1')], [letter(body('1', { more: true }))])).faults).toEqual([
    '1 dead letter from no event that was sent, first in queue',
  ]);
});

test('an event that the view does not show is a fault, unless it shows another one of its name', async () => {
  const [one, other] = [body('1'), body('1', { more: true })];
  const found = { rows: [row('1'), row('1', { more: true })], unique: [row('1')], letters: [] };
  expect((await balanceOf(books(one, other), found)).faults).toEqual([]);
  const hidden = { rows: [row('1'), row('2')], unique: [row('1')], letters: [] };
  expect((await balanceOf(books(one, body('2')), hidden)).faults).toEqual([
    '1 event in the store, and missing in the view without duplicates: #2 (test)',
  ]);
});

test('two different events with one name: one may be stored and the other dead', async () => {
  const other = body('1', { time: 'never' });
  expect(await balance(books(body('1'), other), [row('1')], [letter(other)])).toMatchObject({
    faults: [],
    stored: 1,
    deadLettered: { bad: 1 },
  });
});

test('of an event that was accepted twice, one copy may be stored and the other dead', async () => {
  const twice = [body('1'), body('1')];
  expect(await balance(books(...twice), [row('1')], [letter(body('1'))])).toMatchObject({
    faults: [],
    stored: 1,
    deadLettered: { bad: 1 },
  });
  expect(await balance(books(...twice), [row('1')])).toMatchObject({ faults: [], stored: 2 });
  expect(await balance(books(...twice), [], [letter(body('1'))])).toMatchObject({ faults: [], deadLettered: { bad: 2 } });
});

test('bytes that are no text, and that the door took for text, are counted', async () => {
  const sent = Buffer.concat([Buffer.from('{"source":"/test","id":"1","data":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  const asText = Buffer.from(sent.toString());
  expect(await balance(books(sent), [], [letter(asText)])).toMatchObject({ faults: [], deadLettered: { bad: 1 } });
  const stored = { ...row('1'), text: asText.toString() };
  expect(await balance(books(sent), [stored])).toMatchObject({ faults: [], stored: 1, changedAtDoor: 1 });
});

test('whatever becomes of each event, the books are balanced when and only when each accepted one is in exactly one place', async () => {
  const fate = fc.constantFrom('stored', 'stored twice', 'dead', 'lost', 'both', 'refused');
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 30 }), async (fates) => {
      const ids = fates.map((_, index) => String(index));
      const pick = (...wanted: string[]) => ids.filter((id) => wanted.includes(fates[Number(id)]!));
      const ledger = books(...ids.map((id): Buffer | [Buffer, string] => (fates[Number(id)] === 'refused' ? [body(id), 'no'] : body(id))));
      const rows = [...pick('stored', 'stored twice', 'both'), ...pick('stored twice')].map((id) => row(id));
      const letters = pick('dead', 'both').map((id) => letter(body(id)));
      const { faults, duplicatesRemoved, accepted, sent } = await balance(ledger, rows, letters);
      expect(faults.length === 0).toBe(pick('lost', 'both').length === 0);
      expect(duplicatesRemoved).toBe(pick('stored twice').length);
      expect([sent, accepted]).toEqual([ids.length, ids.length - pick('refused').length]);
    }),
  );
});

describe('of several readers, each must have every event that it got:', () => {
  const got: Readonly<Record<string, readonly string[]>> = { all: ['1', '2'], some: ['2'] };
  const branches = Object.entries(got).map(([name, ids]) => {
    const hashes = ids.map((id) => hashOf(body(id)));
    return { name, takes: (hash: string) => hashes.includes(hash), has: (place: string) => place === name };
  });
  const at = (place: string, ...ids: string[]) => ids.map((id) => ({ ...row(id), place }));
  const each = (rows: readonly StoredRow[], letters: readonly Letter[] = [], ledger = books(body('1'), body('2'))) =>
    balanceOfEach(ledger, { rows, letters }, branches);

  test('one that stores an event and one that does not take it are no faults', async () => {
    expect(await each([...at('all', '1', '2'), ...at('some', '2')])).toMatchObject({ stored: 2, duplicatesRemoved: 0, faults: [] });
  });

  test('an event may be in the store of one and in the dead letter of the other', async () => {
    const { faults, inBoth } = await each(at('all', '1', '2'), [{ ...letter(body('2')), place: 'some' }]);
    expect([faults, inBoth]).toEqual([[], 0]);
  });

  test.each<[string, StoredRow[], Letter[], string]>([
    ['lost by one of them', at('all', '1', '2'), [], 'some: 1 event accepted, and neither in the store nor in the dead letter: #2 (test)'],
    [
      'stored by one that did not get it',
      [...at('all', '1', '2'), ...at('some', '1', '2')],
      [],
      'some: 1 row is from no event that was sent, first in some',
    ],
    [
      'stored by nobody known',
      [...at('all', '1', '2'), ...at('some', '2'), ...at('else', '2')],
      [],
      '1 row is of no reader, first in else',
    ],
  ])('what is %s is a fault', async (_, rows, letters, fault) => expect((await each(rows, letters)).faults).toEqual([fault]));

  test('events that go to different readers are counted together, also if their stores have something else of them', async () => {
    const ledger = new Ledger(asItCame);
    const [rows, upper] = branches.map((branch, index) => ({ ...branch, takes: (hash: string) => hash === hashOf(body(`${index + 1}`)) }));
    const shouting = { ...upper!, asRead: () => 'SHOUTED' };
    ledger.addReader(shouting);
    ledger.open({ kind: 'test', body: body('1') }).receipt = { accepted: true, position: '1' };
    ledger.follows('new object', body('2')).receipt = { accepted: true, position: '2' };
    const stored = [...at('all', '1'), { ...row('2'), content: 'SHOUTED', place: 'some' }];
    const found = await balanceOfEach(ledger, { rows: stored, letters: [] }, [shouting, rows!]);
    expect(found).toMatchObject({ sent: 2, made: 1, accepted: 2, stored: 2, faults: [] });
  });

  test('what was sent to none of them is a fault', async () => {
    const ledger = books(body('1'), body('2'), body('3'));
    const { faults } = await each([...at('all', '1', '2'), ...at('some', '2')], [], ledger);
    expect(faults).toEqual(['1 event accepted, and sent to no reader: #3 (test)']);
  });
});
