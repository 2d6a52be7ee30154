import type { Finding } from '../judge';
import { referencesIn, type Steps } from './expressions';
import { type Block, type Body, blocksOf, type TerraformJson, type Value } from './stack';

/** A reference, and where in its block it stands. */
export interface Use {
  readonly at: string;
  readonly steps: Steps;
}

/** Anything that refers to others: a resource, a data source, an output, a provider, a variable with its rules. */
export interface Referrer {
  readonly address: string;
  readonly uses: readonly Use[];
}

/** A stack with everything in it that refers to something. */
export interface Model {
  readonly json: TerraformJson;
  readonly blocks: ReadonlyMap<string, Block>;
  readonly referrers: readonly Referrer[];
  /** Texts that Terraform's parser refuses. */
  readonly unreadable: readonly Finding[];
  /** Everything that Terraform makes before this one. */
  before(address: string): ReadonlySet<string>;
  /** The blocks that a setting refers to, such as `push_config.push_endpoint`; of blocks that stand several times, all of them do. */
  refers(address: string, setting: string): readonly Block[];
}

/** What stands there is an address, though it is no expression. */
const ADDRESSES = /(^|\.)(depends_on|replace_triggered_by)\[\d+\]$/;

/** Read a stack: each expression in it is parsed by HashiCorp's own parser. */
export async function readModel(json: TerraformJson): Promise<Model> {
  const blocks = new Map(blocksOf(json).map((block) => [block.address, block]));
  const unreadable: Finding[] = [];
  const referrers = await Promise.all(
    parts(json, blocks).map(async ([address, body]) => {
      const uses = await Promise.all(
        textsIn(body, '').map(async ({ at, text }) => {
          if (ADDRESSES.test(at)) return [{ at, steps: text.split('.') }];
          try {
            return (await referencesIn(text)).map((steps) => ({ at, steps }));
          } catch (error) {
            unreadable.push({ rule: 'expression', where: address, what: `${at}: Terraform cannot read it: ${(error as Error).message}` });
            return [];
          }
        }),
      );
      return { address, uses: uses.flat() };
    }),
  );
  const direct = new Map(referrers.map(({ address, uses }) => [address, uses.map(({ steps }) => addressOf(steps))]));
  return {
    json,
    blocks,
    referrers,
    unreadable,
    before: (address) => reach(address, direct),
    refers: (address, setting) => {
      const uses = referrers.find((one) => one.address === address)?.uses ?? [];
      const meant = uses.filter(({ at }) => at.replace(/\[\d+\]/g, '') === setting).map(({ steps }) => blocks.get(addressOf(steps)));
      return meant.filter((block) => block !== undefined);
    },
  };
}

/** What a reference leads to, as it is declared: `google_pubsub_topic.Topic`, `data.azurerm_client_config.Deployer`, `var.prefix`. */
export function addressOf(steps: Steps): string {
  return steps.slice(0, steps[0] === 'data' ? 3 : 2).join('.');
}

function parts(json: TerraformJson, blocks: ReadonlyMap<string, Block>): [string, Value][] {
  return [
    ...[...blocks].map(([address, { body }]): [string, Value] => [address, body]),
    ...Object.entries(json.output ?? {}).map(([name, body]): [string, Value] => [`output.${name}`, body]),
    ...Object.entries(json.provider ?? {}).map(([name, bodies]): [string, Value] => [`provider.${name}`, bodies]),
    ...Object.entries(json.variable ?? {}).map(([name, { validation }]): [string, Value] => [
      `var.${name}`,
      { validation: validation ?? [] },
    ]),
  ];
}

function textsIn(value: Value, at: string): { at: string; text: string }[] {
  if (typeof value === 'string') return [{ at, text: value }];
  if (Array.isArray(value)) return value.flatMap((item: Value, index) => textsIn(item, `${at}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Body).flatMap(([key, inner]) => textsIn(inner, at ? `${at}.${key}` : key));
}

function reach(from: string, direct: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set<string>();
  const waiting = [...(direct.get(from) ?? [])];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    waiting.push(...(direct.get(next) ?? []));
  }
  return found;
}
