import { type AllowList, classify } from '../coverage';

const list: AllowList = {
  Queue: {
    Size: 'emulated',
    Tags: 'no effect here',
    'Target.Arn': 'emulated',
    Mode: (value) => (value === 'fast' ? undefined : `only fast is emulated, got ${JSON.stringify(value)}`),
    'Rules.Name': 'emulated',
  },
  Alarm: 'no effect here',
};
const rows = (type: string, properties: Record<string, unknown>) =>
  classify(list, type, 'it', properties).map(({ property, treatment, why }) => [property, treatment, ...(why ? [why] : [])]);
const UNKNOWN = 'it is not classified. Add it to `local` in facts.ts of its service.';

test('each property is told by its path, and a branch that is classified stands for what is below it', () => {
  expect(
    rows('Queue', { Size: { Ref: 'x' }, Tags: [{ Key: 'a' }], Target: { Arn: 'b' }, Mode: 'fast', Rules: [{ Name: 1 }, { Name: 2 }] }),
  ).toEqual([
    ['', 'emulated'],
    ['Size', 'emulated'],
    ['Tags', 'no effect here'],
    ['Target.Arn', 'emulated'],
    ['Mode', 'emulated'],
    ['Rules.Name', 'emulated'],
  ]);
});

test.each([
  ['a property', 'Queue', { Color: 'red' }, ['Color', 'refused', UNKNOWN]],
  ['a property within a property', 'Queue', { Target: { Arn: 'b', Port: 1 } }, ['Target.Port', 'refused', UNKNOWN]],
  ['a property of one in a list', 'Queue', { Rules: [{ Name: 1 }, { Name: 2, Fine: true }] }, ['Rules.Fine', 'refused', UNKNOWN]],
  ['a branch that is no object', 'Queue', { Target: 'b' }, ['Target', 'refused', UNKNOWN]],
  ['an empty branch that nobody knows', 'Queue', { Extra: {} }, ['Extra', 'refused', UNKNOWN]],
  ['a type', 'Topic', {}, ['', 'refused', UNKNOWN]],
  ['a value', 'Queue', { Mode: 'slow' }, ['Mode', 'refused', 'only fast is emulated, got "slow"']],
  ['what an object inherits', 'Queue', { constructor: 1 }, ['constructor', 'refused', UNKNOWN]],
])('%s that nobody classified is refused', (_, type, properties, row) => {
  expect(rows(type, properties)).toContainEqual(row);
});

test('a type without an effect is one row, whatever it is set to', () => {
  expect(rows('Alarm', { Anything: { at: ['all'] } })).toEqual([['', 'no effect here']]);
});
