import fc from 'fast-check';
import { Ledger, withoutDuplicates } from '../ledger';
import type { Letter, StoredRow } from '../platform';

const body = (id: string, more: object = {}) => Buffer.from(JSON.stringify({ source: '/test', id, ...more }));
const row = (id: string, text = id): StoredRow => ({ event: { source: '/test', id }, text, place: 'events/1.ndjson' });
const letter = (bytes: Buffer, reason = 'bad'): Letter => ({ bytes, reason, place: 'queue' });

/** Books in which each event was accepted, or turned away with a reason. */
function books(...events: readonly (Buffer | [Buffer, string])[]) {
  const ledger = new Ledger();
  events.forEach((event, index) => {
    const [bytes, reason] = Array.isArray(event) ? event : [event];
    const entry = ledger.open({ kind: 'test', body: bytes });
    entry.receipt = reason === undefined ? { accepted: true, position: String(index) } : { accepted: false, reason };
  });
  return ledger;
}

const balance = (ledger: Ledger, rows: readonly StoredRow[], letters: readonly Letter[] = []) =>
  ledger.balance(rows, withoutDuplicates(rows), letters);

test('an event in the store, one in the dead letter and one that was turned away are no faults', () => {
  const poison = Buffer.from('poison');
  expect(balance(books(body('1'), poison, [body('2'), 'too large']), [row('1')], [letter(poison, 'no JSON')])).toEqual({
    sent: 3,
    accepted: 2,
    rejected: { 'too large': 1 },
    stored: 1,
    deadLettered: { 'no JSON': 1 },
    duplicatesRemoved: 0,
    faults: [],
  });
});

test.each<[string, Ledger, StoredRow[], Letter[], string]>([
  ['lost', books(body('1'), body('2')), [row('1')], [], '1 event accepted, and neither in the store nor in the dead letter: #2 (test)'],
  ['in both places', books(body('1')), [row('1')], [letter(body('1'))], '1 event both in the store and in the dead letter: #1 (test)'],
  ['made up', books(body('1')), [row('1'), row('9')], [], '1 rows are of no event that was sent, first in events/1.ndjson'],
  [
    'nameless',
    books(body('1')),
    [row('1'), { text: 'x', place: 'a' }],
    [],
    '1 rows carry no source and id, so nobody can tell which events they are, first in a',
  ],
])('what is %s is a fault', (_, ledger, rows, letters, fault) => {
  expect(balance(ledger, rows, letters).faults).toEqual([fault]);
});

test('an event that was never answered is a fault', () => {
  const ledger = new Ledger();
  ledger.open({ kind: 'test', body: body('1') });
  expect(balance(ledger, []).faults).toEqual(['1 event never answered by the front door: #1 (test)']);
});

test('what was turned away and lies in the store all the same is a fault', () => {
  expect(balance(books([body('1'), 'no']), [row('1')]).faults).toEqual([
    '1 event turned away at the door, and in the store all the same: #1 (test)',
  ]);
});

test('a row that stands twice is removed, unless the view that should show it once shows it twice', () => {
  const rows = [row('1'), row('1')];
  expect(balance(books(body('1')), rows)).toMatchObject({ duplicatesRemoved: 1, faults: [] });
  expect(books(body('1')).balance(rows, rows, []).faults).toEqual(['1 rows are shown twice by what should show each once']);
});

test('an event may become several rows', () => {
  expect(balance(books(body('1')), [row('1', 'a'), row('1', 'b')])).toMatchObject({ stored: 1, duplicatesRemoved: 0, faults: [] });
});

test('two different events with one name: one may be stored and the other dead', () => {
  const other = body('1', { time: 'never' });
  expect(balance(books(body('1'), other), [row('1')], [letter(other)])).toMatchObject({ faults: [], stored: 1, deadLettered: { bad: 1 } });
});

test('of an event that was accepted twice, one copy may be stored and the other dead', () => {
  const twice = [body('1'), body('1')];
  expect(balance(books(...twice), [row('1')], [letter(body('1'))])).toMatchObject({ faults: [], stored: 1, deadLettered: { bad: 1 } });
  expect(balance(books(...twice), [row('1')])).toMatchObject({ faults: [], stored: 2 });
  expect(balance(books(...twice), [], [letter(body('1'))])).toMatchObject({ faults: [], deadLettered: { bad: 2 } });
});

test('a door that changes bytes that are no text does not make an event look lost', () => {
  const sent = Buffer.concat([Buffer.from('{"source":"/test","id":"1","data":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  expect(balance(books(sent), [], [letter(Buffer.from(sent.toString()))])).toMatchObject({ faults: [], deadLettered: { bad: 1 } });
});

test('whatever becomes of each event, the books are balanced when and only when each accepted one is in exactly one place', () => {
  const fate = fc.constantFrom('stored', 'stored twice', 'dead', 'lost', 'both', 'refused');
  fc.assert(
    fc.property(fc.array(fate, { maxLength: 30 }), (fates) => {
      const ids = fates.map((_, index) => String(index));
      const pick = (...wanted: string[]) => ids.filter((id) => wanted.includes(fates[Number(id)]!));
      const ledger = books(...ids.map((id): Buffer | [Buffer, string] => (fates[Number(id)] === 'refused' ? [body(id), 'no'] : body(id))));
      const rows = [...pick('stored', 'stored twice', 'both'), ...pick('stored twice')].map((id) => row(id));
      const letters = pick('dead', 'both').map((id) => letter(body(id)));
      const { faults, duplicatesRemoved, accepted, sent } = balance(ledger, rows, letters);
      expect(faults.length === 0).toBe(pick('lost', 'both').length === 0);
      expect(duplicatesRemoved).toBe(pick('stored twice').length);
      expect([sent, accepted]).toEqual([ids.length, ids.length - pick('refused').length]);
    }),
  );
});
