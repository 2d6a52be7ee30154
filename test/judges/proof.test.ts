import { type Outcome, passes, proofPage, table, unexplained, withUnseen } from '../../scripts/proof';
import type { Blueprint } from '../../shared/synth/blueprints';

const judge = { name: 'scanner', proves: 'Nothing is open' };
const finding = { rule: 'R1', where: 'Store', what: 'It is open.' };
const answered = { ...finding, reason: 'It is | meant to be.' };
const outcome = (findings: Outcome['verdicts'][number]['findings'], more: Partial<Outcome> = {}): Outcome => ({
  judge,
  verdicts: [{ subject: 'stack', looked: '9 checks passed', findings }],
  ...more,
});
const offline = { judge: { ...judge, name: 'far away', online: true as const }, verdicts: [], unavailable: 'there is no internet.' };

test.each<[when: string, Outcome, pass: boolean]>([
  ['nothing was found', outcome([]), true],
  ['what was found has a reason', outcome([answered]), true],
  ['something has no reason', outcome([answered, finding]), false],
  ['the judge is missing', { judge, verdicts: [], unavailable: 'python3 is not installed.' }, false],
  ['a judge that needs the internet is missing', offline, true],
])('when %s', (_, asked, pass) => expect(passes(asked)).toBe(pass));

test('the table has a line for each judge, and says which was not asked', () => {
  expect(table([outcome([answered, finding]), offline])).toBe(
    [
      'judge     looked at                       findings  with a reason  unexplained',
      'scanner   stack: 9 checks passed          2         1              1',
      'far away  not run: there is no internet.  -         -              -',
    ].join('\n'),
  );
});

test('what nobody explained is one line each', () => {
  expect(unexplained([outcome([answered, finding])])).toEqual(['scanner: stack: Store: R1: It is open.']);
});

test('the page shows each answer once, and is the same wherever the internet is', () => {
  const asked = outcome([answered, { ...answered, where: 'Buffer' }]);
  const page = proofPage([asked, offline], ['Everything else.']);
  expect(page).toContain('| scanner | Nothing is open | stack: 9 checks passed | 2 | 2 | 0 |');
  expect(page).toContain('| R1 | It is open. | stack: Store<br>stack: Buffer | It is \\| meant to be. |');
  expect(page).toContain('- Everything else.');
  expect(proofPage([asked, { ...offline, unavailable: undefined, verdicts: asked.verdicts }], ['Everything else.'])).toBe(page);
});

test('a blueprint that a judge did not look at is a finding, but not where it looks at another cloud', () => {
  const blueprints = [
    ['aws', 'pipeline'],
    ['aws', 'lake'],
    ['aws', 'la'],
    ['gcp', 'lake'],
  ].map(([cloud, name]) => ({ cloud, name, file: '' }) as Blueprint);
  const verdicts = ['aws-pipeline, with other settings', 'aws-la: Processing'].map((subject) => ({ subject, looked: '', findings: [] }));
  expect(withUnseen({ blueprintsOf: ['aws'] }, verdicts, blueprints).slice(2)).toEqual([
    {
      subject: 'aws-lake',
      looked: 'not looked at',
      findings: [{ rule: 'not-seen', where: 'aws-lake', what: 'the tool did not check this blueprint' }],
    },
  ]);
  expect(withUnseen({ blueprintsOf: [] }, verdicts, blueprints)).toEqual(verdicts);
});
