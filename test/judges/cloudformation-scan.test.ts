import { explain } from '../../scripts/judges/cloudformation-scan';

const found = { rule: 'CKV_AWS_18', where: 'Log', what: 'Ensure access logging', file: '0.json' };
const said = { rule: 'CKV_AWS_18', where: 'Log', reason: 'It is the log.' };
const finding = { rule: 'CKV_AWS_18', where: 'Log', what: 'Ensure access logging' };

test('a finding that its resource answers has that reason', () =>
  expect(explain([found], [], [said])).toEqual([{ ...finding, reason: 'It is the log.' }]));

test('a finding that nothing answers has none, nor has one that is answered elsewhere', () => {
  expect(explain([found], [found], [])).toEqual([finding]);
  expect(explain([found], [found], [{ ...said, where: 'Lake' }])).toContainEqual(finding);
});

test('a reason that the scanner does not heed is none', () => expect(explain([found], [found], [said])).toEqual([finding]));

test('a reason without a finding is a finding', () =>
  expect(explain([], [], [said])).toEqual([{ rule: 'CKV_AWS_18', where: 'Log', what: 'acknowledged, and not found' }]));

test('what is found only because of the reasons counts too', () =>
  expect(explain([], [{ ...found, rule: 'E9999' }], [])).toEqual([{ ...finding, rule: 'E9999' }]));
