import { type Command, exitCodeOf, NOT_RUN, orderOf } from '../order';
import { CLOUDS } from '../state';

const nothing: Command = { clouds: ['aws'], blueprint: 'pipeline', once: false, keep: false, coverage: false, pace: 60, json: false };
const asked = (command: Partial<Command>) => {
  const { count, rate } = orderOf({ ...nothing, ...command }, 'aws', 'synthesized', 'data');
  return [count ?? 'without end', rate ?? 'as fast as they go'];
};

test.each<[string, Partial<Command>, unknown[]]>([
  ['one cloud goes on until it is stopped', {}, ['without end', 20]],
  ['each of several clouds has its turn', { clouds: CLOUDS }, [300, 20]],
  ['--once sends a fixed number at once', { once: true }, [1050, 'as fast as they go']],
  ['a fault is seen on as many', { fault: 'restart' }, [1050, 'as fast as they go']],
  ['a file is sent to its end', { events: 'my.ndjson', clouds: CLOUDS }, ['without end', 20]],
  ['--count has the last word', { once: true, clouds: CLOUDS, events: 'my.ndjson', count: 7 }, [7, 'as fast as they go']],
])('%s', (_, command, expected) => expect(asked(command)).toEqual(expected));

test.each([
  [[0, 0], 0],
  [[0, 1], 1],
  [[NOT_RUN, 0], 0],
  [[NOT_RUN, 1], 1],
  [[NOT_RUN, NOT_RUN], 2],
])('processes that end with %j make the command end with %i', (codes, code) => expect(exitCodeOf(codes)).toBe(code));
