import { sortBatch } from '../../../shared/runtime/batch';
import type { Row } from '../../../shared/runtime/event';
import { ARRIVAL, bytesOf, eventOf, modelEnds } from '../../support/settling';

const { ends } = modelEnds();
const record = (id: string, hours: number, bytes = bytesOf(eventOf(id))) => ({
  bytes,
  arrived: new Date(ARRIVAL.getTime() + hours * 3_600_000),
  position: { id },
});

test('rows are grouped by the hour in which their record arrived, in the order of the records', () => {
  const records = [record('a', 0), record('b', 1), record('c', 0), record('d', 1 + 1 / 2), record('e', 0, Buffer.from('bad'))];
  const { hours, refusals } = sortBatch(records, (event) => (event.id === 'd' ? [event, event] : event), ends.sink);
  expect(hours.map((made) => made.map(({ record }) => record.position.id))).toEqual([['a', 'c'], ['b'], ['d', 'd']]);
  expect(refusals).toEqual([{ record: records[4], reason: expect.stringMatching(/^SyntaxError: /) }]);
});

test('a record without rows makes no hour', () => {
  expect(sortBatch([record('a', 0)], () => undefined, ends.sink)).toEqual({ hours: [], refusals: [] });
  expect(sortBatch([record('a', 0)], () => [], ends.sink)).toEqual({ hours: [], refusals: [] });
});

test('an event makes as many rows as it likes, and its neighbours are none the worse for it', () => {
  const { hours } = sortBatch([record('a', 0), record('b', 0)], ({ id }) => Array<Row>(id === 'a' ? 200_000 : 1).fill({}), ends.sink);
  expect(hours.map((made) => made.length)).toEqual([200_001]);
});
