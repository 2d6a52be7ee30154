import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { type Computed, Terraform } from '../../template/terraform';
import { temporaryFolder } from '../folder';
import { synthesized } from '../support';

async function read(json: object, variables: Record<string, unknown> = {}, computed: Computed = () => undefined) {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'cdk.tf.json'), JSON.stringify(json));
  return Terraform.read(folder, variables, computed);
}

const stack = {
  variable: { prefix: { type: 'string' }, many: { type: 'list(string)', default: ['a', 'b'] } },
  resource: {
    pipe: {
      first: { '//': {}, name: '${var.prefix}-pipe', config: { url: 'https://x', depth: [1, 2] }, depends_on: ['pipe.second'] },
      second: { name: 'second of ${pipe.first.name}', each: '${pipe.first.config[0].depth[1]}' },
      several: { for_each: '${toset(var.many)}', name: '${each.value}' },
      ring: { a: '${pipe.ring.b}', b: '${pipe.ring.a}' },
    },
  },
  data: { who: { me: {} } },
};
const computed: Computed = ({ path: at }, attribute) => (attribute === 'id' ? `/ids/${at}` : undefined);
const evaluate = async (value: unknown) => (await read(stack, { prefix: 'acme' }, computed)).evaluate(value, 'here');

test.each<[string, unknown, unknown]>([
  ['a text without expressions', 'as "it" \\d is', 'as "it" \\d is'],
  ['a variable', '${var.prefix}', 'acme'],
  ['a list, as it is', '${var.many}', ['a', 'b']],
  ['several expressions in one text', '${var.prefix}/${var.prefix}', 'acme/acme'],
  ['what another resource is set to, through any number of steps', '${pipe.second.name}', 'second of acme-pipe'],
  ['a block that stands once, as the list of one that it is', '${pipe.first.config[0].url}?a="b"', 'https://x?a="b"'],
  ['a number', '${pipe.second.each}', 2],
  ['what only the provider knows', 'id: ${pipe.first.id}', 'id: /ids/pipe.first'],
  ['a data source', '${data.who.me.id}', '/ids/data.who.me'],
  ['functions within functions', '${element(split("/", pipe.first.id), 1)}', 'ids'],
  ['a hash', '${substr(sha256(join("/", ["a", var.prefix])), 0, 8)}', '77243913'],
  ['what is no expression', 'a $${b} %%{c}', 'a ${b} %{c}'],
  ['everything in an object', { a: ['${var.prefix}', 1, null], b: true }, { a: ['acme', 1, null], b: true }],
  ['escapes within quotes, and only there', '\\n ${join("\\n\\"\\\\", ["a", "b"])}', '\\n a\n"\\b'],
])('gives %s', async (_, value, expected) => {
  expect(await evaluate(value)).toEqual(expected);
});

test.each([
  ['a resource that is not there', '${pipe.third.name}', 'here: there is no pipe.third.name in the template'],
  ['an attribute that nobody knows', '${pipe.first.color}', 'here: the local run does not know the value of pipe.first.color'],
  ['a variable that is not there', '${var.nobody}', 'here: there is no variable nobody'],
  ['a function that is not listed', '${upper("a")}', 'here: the function upper is not emulated'],
  ['a condition', '${var.prefix == "a" ? 1 : 2}', 'here: an expression of type conditional is not emulated'],
  ['one of several', '${pipe.several.name}', 'here: pipe.several.name is several resources'],
  ['a reference that leads back', '${pipe.ring.a}', 'pipe.ring.b: pipe.ring.a refers to itself'],
  ['a list within a text', 'a ${var.many}', 'here: a list or an object cannot be a part of a text'],
  ['what Terraform cannot read', '${var.', /^here: Terraform could not read it: /],
  ['what stands in each round of a loop', '${each.value}', 'here: there is no each.value in the template'],
])('refuses %s, and says where', async (_, value, message) => {
  await expect(evaluate(value)).rejects.toThrow(message);
});

// Terraform itself normalizes texts, and takes no carriage return in a template.
test('a text that holds no expression comes out as it went in', async () => {
  const terraform = await read(stack, { prefix: 'acme' });
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary' }).filter((text) => !/[$%]\{|\r/.test(text) && text === Buffer.from(text).toString().normalize()),
      async (text) => {
        // A second expression forces the text through the parser.
        expect(await terraform.evaluate(`${text} \${var.prefix}`, 'here')).toBe(`${text} acme`);
      },
    ),
    { numRuns: 50 },
  );
});

describe('variables', () => {
  const rule = {
    prefix: { validation: [{ condition: '${can(regex("^[a-z]+$", var.prefix))}', error_message: 'The prefix must be letters.' }] },
  };

  test('must be answered where they are used, by their own rules', async () => {
    const unanswered = await read({ variable: rule });
    await expect(unanswered.evaluate('${var.prefix}', 'here')).rejects.toThrow('var.prefix: it has no default and no value');
    expect(await unanswered.evaluate('else', 'here')).toBe('else');
    await expect(read({ variable: rule }, { prefix: 'A1' })).rejects.toThrow('var.prefix: The prefix must be letters.');
    await expect(read({ variable: {} }, { prefix: 'a' })).rejects.toThrow('var.prefix: the template has no variable with this name');
    expect(await (await read({ variable: rule }, { prefix: 'a' })).evaluate('${var.prefix}', 'here')).toBe('a');
  });
});

test.each([
  ['azure', { prefix: 'acme', location: 'swedencentral' }],
  ['gcp', { prefix: 'acme', project_id: 'acme-data' }],
] as const)('every property of the %s stack has a value, but for what is several resources', async (cloud, variables) => {
  const terraform = await Terraform.read(synthesized(cloud), variables, ({ path: at }, attribute) => `<${at}.${attribute}>`);
  const single = terraform.resources().filter(({ meta }) => meta.for_each === undefined);
  expect(single.length).toBeGreaterThan(20);
  const values = await Promise.all(single.map(({ properties, path: at }) => terraform.evaluate(properties, at)));
  expect(JSON.stringify(values)).not.toMatch(/"[^"]*\$\{/);
});
