import { readFileSync } from 'node:fs';
import path from 'node:path';
import { synthesizeTerraform } from '../bin/terraform';
import { temporaryFolder } from './support/folder';

/** The blocks that others refer to, each with everything that is in it. */
function declared(json: any): Map<string, unknown> {
  const blocks = new Map<string, unknown>();
  for (const [type, named] of Object.entries<any>(json.resource ?? {})) for (const id in named) blocks.set(`${type}.${id}`, named[id]);
  for (const [type, named] of Object.entries<any>(json.data ?? {})) for (const id in named) blocks.set(`data.${type}.${id}`, named[id]);
  for (const id in json.variable ?? {}) blocks.set(`var.${id}`, {});
  return blocks;
}

/** Each address that a block refers to: in expressions, and in the lists that hold plain addresses. */
function references(value: unknown, key = ''): string[] {
  if (typeof value === 'string') {
    const expressions = ['depends_on', 'replace_triggered_by', 'provider'].includes(key) ? [value] : (value.match(/\$\{[^}]*\}/g) ?? []);
    return expressions.flatMap(
      (expression) => expression.match(/\b(data\.)?(azurerm_\w+|google_\w+|time_\w+|terraform_data|var)\.\w+/g) ?? [],
    );
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([inner, part]) => references(part, Array.isArray(value) ? key : inner));
}

const outdir = temporaryFolder();
const stacks = synthesizeTerraform({}, outdir);
const read = (stack: string) => JSON.parse(readFileSync(path.join(outdir, 'stacks', stack, 'cdk.tf.json'), 'utf8'));

describe.each(stacks)('%s', (stack) => {
  const json = read(stack);
  const blocks = declared(json);

  test('every reference leads to something that is declared', () => {
    const all = [...new Set([...blocks.values(), json.output, json.provider].flatMap((block) => references(block)))];
    expect(all.length).toBeGreaterThan(15);
    expect(all.filter((address) => !blocks.has(address))).toEqual([]);
  });

  test('nothing waits for itself', () => {
    const done = new Set<string>();
    const walk = (address: string, way: readonly string[]): string[] | undefined => {
      if (way.includes(address)) return [...way, address];
      if (done.has(address)) return undefined;
      for (const next of references(blocks.get(address))) {
        const circle = walk(next, [...way, address]);
        if (circle) return circle;
      }
      done.add(address);
      return undefined;
    };
    expect([...blocks.keys()].map((address) => walk(address, [])).filter(Boolean)).toEqual([]);
  });
});
