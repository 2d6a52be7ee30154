import { UNSTORABLE } from '../corpus';
import { chaosOf, FAULTS, type Fault } from '../faults';
import { Pace } from '../pace';

const fates = (fault: Fault | undefined, writes: number, row = 'row') => {
  const told: string[] = [];
  const chaos = chaosOf(fault, new Pace(), (incident) => told.push(incident));
  return { fates: Array.from({ length: writes }, () => chaos.write([row])), told, chaos };
};

test('without a fault every write is taken, and now and then a batch is brought again all the same', () => {
  const { fates: taken, chaos } = fates(undefined, 100);
  expect(new Set(taken)).toEqual(new Set(['take']));
  const answers = Array.from({ length: 100 }, () => chaos.answer());
  expect(answers.filter((answer) => answer === 'lost')).toHaveLength(4);
});

test.each<[Fault, string[]]>([
  ['restart', ['kill before', 'kill after']],
  ['slow-handler', ['stall']],
])('%s strikes a few writes of a short run, and never two in a row', (fault, expected) => {
  const { fates: met, told } = fates(fault, 20);
  const struck = met.flatMap((fate, index) => (fate === 'take' ? [] : [index]));
  expect(new Set(struck.map((index) => met[index]))).toEqual(new Set(expected));
  expect(struck.length).toBeGreaterThanOrEqual(4);
  expect(struck.some((index) => struck.includes(index + 1))).toBe(false);
  expect(told).toHaveLength(struck.length);
});

test('store-down ends by itself', () => {
  jest.useFakeTimers();
  const pace = new Pace(60);
  const chaos = chaosOf('store-down', pace, () => {});
  const fate = () => chaos.write(['row']);
  expect([fate(), fate()]).toEqual(['refuse', 'refuse']);
  jest.advanceTimersByTime(pace.scaled(119_000));
  expect(fate()).toBe('refuse');
  jest.advanceTimersByTime(pace.scaled(1_001));
  expect(fate()).toBe('take');
  jest.useRealTimers();
});

test('poison refuses what no store takes, at every try, and nothing else', () => {
  expect(new Set(fates('poison', 50, `{"id":"${UNSTORABLE}-1"}`).fates)).toEqual(new Set(['refuse']));
  expect(new Set(fates('poison', 50).fates)).toEqual(new Set(['take']));
});

test('poison brings nothing again that was done', () => {
  const { chaos } = fates('poison', 0);
  expect(new Set(Array.from({ length: 100 }, () => chaos.answer()))).toEqual(new Set(['heard']));
});

test('duplicate brings every third batch again', () => {
  const { chaos } = fates('duplicate', 0);
  expect([1, 2, 3, 4, 5, 6].map(() => chaos.answer())).toEqual(['heard', 'heard', 'lost', 'heard', 'heard', 'lost']);
});

test('each fault says in a line what it is', () => {
  for (const what of Object.values(FAULTS)) expect(what).toMatch(/^[^\n]{20,100}$/);
});
