import { UNSTORABLE } from '../corpus';
import { chaosOf, FAULTS, type Fault } from '../faults';
import { Pace } from '../pace';

const fates = (fault: Fault | undefined, writes: number, row = 'row', seed = 1) => {
  const told: string[] = [];
  const chaos = chaosOf(fault, { pace: new Pace(), seed, tell: (incident) => told.push(incident) });
  return { fates: Array.from({ length: writes }, () => chaos.write([row])), told, chaos };
};

test('without a fault every write is taken, and now and then a batch is brought again all the same', () => {
  const { fates: taken, chaos } = fates(undefined, 100);
  expect(new Set(taken)).toEqual(new Set(['take']));
  const answers = Array.from({ length: 100 }, () => chaos.answer());
  const lost = answers.filter((answer) => answer === 'lost').length;
  expect([lost > 0, lost < 15]).toEqual([true, true]);
});

test.each<[Fault, string[]]>([
  ['restart', ['kill before', 'kill after']],
  ['slow-handler', ['stall']],
])('%s strikes a few writes of a short run by chance, and never two in a row', (fault, expected) => {
  const seeds = Array.from({ length: 50 }, (_, seed) => seed);
  expect(new Set(seeds.flatMap((seed) => fates(fault, 20, 'row', seed).fates))).toEqual(new Set(['take', ...expected]));
  expect(new Set(seeds.map((seed) => fates(fault, 20, 'row', seed).fates.join())).size).toBeGreaterThan(20);
  for (const seed of seeds) strikesAFew(fates(fault, 20, 'row', seed));
});

test('the same seed strikes the same writes, and loses the same answers', () => {
  const answers = ({ chaos }: ReturnType<typeof fates>) => Array.from({ length: 50 }, () => [chaos.answer(), chaos.cut(10)]);
  expect(fates('restart', 50, 'row', 9).fates).toEqual(fates('restart', 50, 'row', 9).fates);
  expect(answers(fates('resplit', 0, 'row', 9))).toEqual(answers(fates('resplit', 0, 'row', 9)));
});

function strikesAFew({ fates: met, told }: ReturnType<typeof fates>) {
  const struck = met.flatMap((fate, index) => (fate === 'take' ? [] : [index]));
  expect(struck.length).toBeGreaterThanOrEqual(3);
  expect(struck.some((index) => struck.includes(index + 1))).toBe(false);
  expect(told).toHaveLength(struck.length);
}

test.each<[Fault, number]>([
  ['store-down', 120_000],
  ['burst', 3_600_000],
])('%s ends by itself, and while it lasts a dead letter in the same account is refused too', (fault, lasts) => {
  jest.useFakeTimers();
  const pace = new Pace(60);
  const chaos = chaosOf(fault, { pace, seed: 1, tell: () => {} });
  expect(chaos.letter()).toBe('take');
  const fate = () => chaos.write(['row']);
  expect([fate(), fate()]).toEqual(['refuse', 'refuse']);
  jest.advanceTimersByTime(pace.scaled(lasts - 1000));
  expect([fate(), chaos.letter()]).toEqual(['refuse', 'refuse']);
  jest.advanceTimersByTime(pace.scaled(1_001));
  expect([fate(), chaos.letter()]).toEqual(['take', 'take']);
  jest.useRealTimers();
});

test('poison refuses what no store takes, at every try, and nothing else', () => {
  expect(new Set(fates('poison', 50, `{"id":"${UNSTORABLE}-1"}`).fates)).toEqual(new Set(['refuse']));
  expect(new Set(fates('poison', 50).fates)).toEqual(new Set(['take']));
});

test.each<Fault>(['poison', 'burst'])('%s brings nothing again that was done, since it could be given up then', (fault) => {
  const { chaos } = fates(fault, 0);
  expect(new Set(Array.from({ length: 100 }, () => chaos.answer()))).toEqual(new Set(['heard']));
});

test('duplicate and resplit bring a third of the batches again, and resplit cuts them elsewhere', () => {
  for (const fault of ['duplicate', 'resplit'] as const) {
    const { chaos } = fates(fault, 0);
    const lost = Array.from({ length: 300 }, () => chaos.answer()).filter((answer) => answer === 'lost').length;
    expect(Math.abs(lost - 100)).toBeLessThan(40);
  }
  expect(fates('duplicate', 0).chaos.cut(10)).toBe(10);
  let seed = 1;
  const cuts = new Set(Array.from({ length: 200 }, () => fates('resplit', 0, 'row', seed++).chaos.cut(4)));
  expect([...cuts].sort()).toEqual([1, 2, 3]);
  expect(fates('resplit', 0).chaos.cut(1)).toBe(1);
});

test('each fault says in a line what it is', () => {
  for (const what of Object.values(FAULTS)) expect(what).toMatch(/^[^\n]{20,100}$/);
});
