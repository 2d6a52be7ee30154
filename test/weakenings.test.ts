import { AWS } from '../scripts/judges/aws/rules';
import { ALERTS } from '../scripts/judges/terraform/alert-rules';
import { AZURE } from '../scripts/judges/terraform/azure-rules';
import { DATA } from '../scripts/judges/terraform/data-rules';
import { GCP } from '../scripts/judges/terraform/gcp-rules';
import { type Objection, subjects } from '../scripts/weakenings/catch';

// The compiler reads the handlers and their packages once, in the first test.
jest.setTimeout(60_000);

const all = subjects();
const heard: Objection[] = [];

describe.each(all)('$stack', ({ objections, weakenings }) => {
  test('nobody objects to it as it ships', async () => expect(await objections()).toEqual([]));

  test('somebody objects to each weakening', async () => {
    const unheard: string[] = [];
    for (const { name, edit } of weakenings) {
      const said = await objections(edit);
      heard.push(...said);
      if (said.length === 0) unheard.push(name);
    }
    expect(unheard).toEqual([]);
    expect(weakenings.length).toBeGreaterThanOrEqual(30);
  });

  test('no two weakenings are called the same', () => {
    expect(new Set(weakenings.map(({ name }) => name)).size).toBe(weakenings.length);
  });
});

test('each rule objects to some weakening: none is there for nothing', () => {
  const said = new Set(heard.map(({ rule, what }) => `${rule}: ${what}`));
  const rules = [...AWS, ...AZURE, ...GCP, ...DATA, ...ALERTS].map(({ id, must }) => `${id}: It must ${must}.`);
  expect(rules.filter((rule) => !said.has(rule))).toEqual([]);
});
