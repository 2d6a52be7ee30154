import type { Finding } from '../judge';
import type { Model } from './model';
import { type Block, blocks, type Value } from './stack';

/** What must be so of each resource of some types. */
export interface Rule {
  readonly id: string;
  /** The types that it concerns, or the end of their names. */
  readonly types: readonly string[];
  /** What must be so, after "must". */
  readonly must: string;
  holds(resource: Asked, model: Model): boolean;
}

/** A resource that can be asked for its settings. */
export interface Asked extends Block {
  /** The values of a setting such as `site_config.minimum_tls_version`: one for each block that it can stand in. */
  get(setting: string): readonly Value[];
}

/** The rules, held against a stack: how often one of them concerned a resource, and what broke it. */
export function hold(rules: readonly Rule[], model: Model): { held: number; findings: Finding[] } {
  const concerned = rules.flatMap((rule) =>
    [...model.blocks.values()]
      .filter(({ type }) => rule.types.some((end) => type === end || type.endsWith(`_${end}`)))
      .map((block) => ({ rule, resource: asked(block) })),
  );
  const broken = concerned.filter(({ rule, resource }) => !rule.holds(resource, model));
  return {
    held: concerned.length,
    findings: broken.map(({ rule: { id, must }, resource }) => ({ rule: id, where: resource.address, what: `It must ${must}.` })),
  };
}

/** The one value of a setting. Several, or none, are never equal to what a rule asks for. */
export function is(resource: Asked, setting: string, ...wanted: readonly Value[]): boolean {
  const [value, ...others] = resource.get(setting);
  return value !== undefined && others.length === 0 && wanted.includes(value);
}

/** The one value of a setting, as a whole number, such as that of `604800s`. */
export function amount(resource: Asked, setting: string): number {
  const [value, ...others] = resource.get(setting);
  return others.length === 0 && /^\d+s?$/.test(String(value)) ? Number.parseInt(String(value), 10) : Number.NaN;
}

/** A resource, made ready to be asked. */
export function asked(block: Block): Asked {
  const get = (setting: string) => {
    const steps = setting.split('.');
    const last = steps.pop()!;
    const holders = steps.reduce((at, step) => at.flatMap((one) => blocks(one[step])), [block.body]);
    return holders.flatMap((holder) => (holder[last] === undefined ? [] : [holder[last]]));
  };
  return { ...block, get };
}
