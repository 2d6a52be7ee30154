import { InvocationContext } from '@azure/functions';
import fc from 'fast-check';
import { changesHandler } from '../../../../azure/runtime/sources/cosmos';
import type { Event, Transform } from '../../../../shared/runtime/event';
import { PermanentError } from '../../../../shared/runtime/event';
import { modelEnds, payloadOf } from '../../../support/settling';

const MAX_RETRIES = 3;
const READING = { endpoint: 'https://acme.documents.azure.com:443/', database: 'rows', container: 'rows', maxRetries: MAX_RETRIES };

/** A row as the change feed has it, written so many hours after midnight. */
const change = (id: string, hour = 8, more: object = {}) => ({
  id,
  _rid: `rid${id}`,
  _etag: `"${id}-1"`,
  _ts: Date.UTC(2026, 0, 31, hour) / 1000,
  _lsn: 7,
  ...more,
});
type Change = ReturnType<typeof change>;

const transform: Transform = (event) => {
  const { id, kind } = (event.data as { after: { id: string; kind?: string } }).after;
  if (kind === 'poison') throw new PermanentError('poison');
  return kind === 'refused' ? { id, refused: 'refused' } : { id };
};

/** A store, a dead letter and a handler, and what becomes of each call. */
function world(fault: () => 'none' | 'before' | 'after' = () => 'none', how: Transform = transform) {
  const { ends, lots, rows } = modelEnds({ transform: how, fault });
  const letters = new Map<string, readonly { payload: string; encoding: string; reason: string }[]>();
  const deadLetter = async (name: string, sent: readonly any[]) => {
    const now = fault();
    if (now === 'before') throw new Error('the dead letter is down');
    letters.set(name, sent);
    if (now === 'after') throw new Error('the answer got lost');
  };
  const handler = changesHandler({ ...ends, deadLetter }, READING);
  /** Bring a batch as the host does: again after each failure. */
  const deliver = async (batch: readonly Change[], tries = 30) => {
    for (let retryCount = 0; retryCount < tries; retryCount++) {
      const context = new InvocationContext({ retryContext: { retryCount, maxRetryCount: -1 }, logHandler: () => {} } as never);
      if (
        await handler(batch, context).then(
          () => true,
          () => false,
        )
      )
        return retryCount;
    }
    return tries;
  };
  const dead = () =>
    [...letters.values()].flat().map((letter) => JSON.parse(payloadOf(letter as never).toString()).data.after.id as string);
  return { deliver, lots, rows, letters, dead };
}

test('a row is an event with its version, its time and its fields, without those of Cosmos DB', async () => {
  const events: Event[] = [];
  const { deliver } = world(undefined, (event) => void events.push(event));
  await deliver([change('a', 8, { n: 1.5, _self: 's', _attachments: 't' })]);
  expect(events).toEqual([
    {
      specversion: '1.0',
      id: 'rida.a-1',
      source: 'https://acme.documents.azure.com/dbs/rows/colls/rows',
      type: 'row.written',
      time: '2026-01-31T08:00:00.000Z',
      datacontenttype: 'application/json',
      data: { after: { id: 'a', n: 1.5 } },
    },
  ]);
});

test('the rows of each hour are one lot, and the rows that can never be stored one blob of letters', async () => {
  const { deliver, lots, letters } = world();
  await deliver([change('a', 8), change('b', 8, { kind: 'poison' }), change('c', 9)]);
  const [first] = [...lots.keys()];
  const place = first!.slice(0, -'-7.0-7.1'.length);
  expect(place).toMatch(/^acme~rows~rows~[0-9a-f]{32}$/);
  expect([...lots.keys()]).toEqual([`${place}-7.0-7.1`, `${place}-7.2-7.2`]);
  expect([...letters.keys()]).toEqual([`year=2026/month=01/day=31/hour=08/${place}-7.0-7.2`]);
});

test('another version of a row, and another batch, have other names', async () => {
  const { deliver, lots } = world();
  await deliver([change('a')]);
  await deliver([change('a', 8, { _etag: '"a-2"' })]);
  await deliver([change('b')]);
  expect(lots.size).toBe(3);
});

test('a batch without rows does nothing', async () => {
  const { deliver, lots, letters } = world();
  expect(await deliver([])).toBe(0);
  expect([lots.size, letters.size]).toEqual([0, 0]);
});

test('a store that stays down costs its retries, and then all rows are in the dead letter', async () => {
  let calls = 0;
  const { deliver, dead, rows } = world(() => (calls++ <= MAX_RETRIES ? 'before' : 'none'));
  expect(await deliver([change('a'), change('b')])).toBe(MAX_RETRIES);
  expect([rows(), dead().sort()]).toEqual([[], ['a', 'b']]);
});

test('whatever fails and however often: each row is in the store or in the dead letter, no row is twice in one place, and none is lost', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ hour: fc.nat(2), kind: fc.constantFrom('row', 'row', 'poison', 'refused') }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.constantFrom('none' as const, 'before' as const, 'after' as const), { maxLength: 12 }),
      async (sent, faults) => {
        const left = [...faults];
        const { deliver, dead, rows } = world(() => left.shift() ?? 'none');
        const batch = sent.map(({ hour, kind }, index) => change(String(index), hour, { kind }));
        expect(await deliver(batch)).toBeLessThan(30);
        const stored = rows().map(({ id }) => String(id));
        const letters = dead();
        expect(new Set(stored).size).toBe(stored.length);
        expect(new Set(letters).size).toBe(letters.length);
        expect([...new Set([...stored, ...letters])].sort()).toEqual(batch.map(({ id }) => id).sort());
        for (const [index, { kind }] of sent.entries()) if (kind !== 'row') expect(letters).toContain(String(index));
        if (faults.length <= MAX_RETRIES)
          for (const [index, { kind }] of sent.entries()) if (kind === 'row') expect(stored).toContain(String(index));
      },
    ),
    { numRuns: 60 },
  ));
