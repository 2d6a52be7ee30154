import { sortBatch } from '../../../shared/runtime/batch';
import type { Row, Transform } from '../../../shared/runtime/event';
import type { SourceRecord } from '../../../shared/runtime/sink';
import { judge } from '../../../shared/runtime/verdict';
import { ARRIVAL, bytesOf, eventOf, modelEnds } from '../../support/settling';

const { ends } = modelEnds();
const verdictOf =
  (transform: Transform) =>
  ({ bytes }: SourceRecord) =>
    judge(bytes, transform, ends.sink.encode);
const record = (id: string, hours: number, bytes = bytesOf(eventOf(id))) => ({
  bytes,
  arrived: new Date(ARRIVAL.getTime() + hours * 3_600_000),
  position: { id },
});

test('rows are grouped by the hour in which their record arrived, in the order of the records', () => {
  const records = [record('a', 0), record('b', 1), record('c', 0), record('d', 1 + 1 / 2), record('e', 0, Buffer.from('bad'))];
  const { hours, refusals } = sortBatch(
    records,
    verdictOf((event) => (event.id === 'd' ? [event, event] : event)),
  );
  expect(hours.map(({ made }) => made.map(({ record }) => record.position.id))).toEqual([['a', 'c'], ['b'], ['d', 'd']]);
  expect(refusals).toEqual([{ record: records[4], reason: expect.stringMatching(/^SyntaxError: /) }]);
});

test('a record without rows counts in its hour', () => {
  const records = [record('a', 0), record('b', 0), record('c', 1)];
  const { hours } = sortBatch(
    records,
    verdictOf((event) => (event.id === 'b' ? event : undefined)),
  );
  expect(hours.map((hour) => [hour.records.length, hour.made.length])).toEqual([
    [2, 1],
    [1, 0],
  ]);
});

test('an event makes as many rows as it likes, and its neighbours are none the worse for it', () => {
  const { hours } = sortBatch(
    [record('a', 0), record('b', 0)],
    verdictOf(({ id }) => Array<Row>(id === 'a' ? 200_000 : 1).fill({})),
  );
  expect(hours.map(({ made }) => made.length)).toEqual([200_001]);
});
