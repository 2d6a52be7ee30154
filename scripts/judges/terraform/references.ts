import type { Finding } from '../judge';
import { addressOf, type Model, type Referrer, type Use } from './model';
import { type Shape, shapeOf } from './schema';

/** Names that Terraform itself gives a meaning to, with where they have one. */
const GIVEN: Readonly<Record<string, (referrer: Referrer, use: Use, model: Model) => boolean>> = {
  each: ({ address }, _, { blocks }) => blocks.get(address)?.body.for_each !== undefined,
  count: ({ address }, _, { blocks }) => blocks.get(address)?.body.count !== undefined,
  self: (_, { at }) => /^(provisioner|connection|lifecycle\.postcondition)\b/.test(at),
  path: (_, { steps }) => ['module', 'root', 'cwd'].includes(steps[1] ?? ''),
  terraform: (_, { steps }) => steps[1] === 'workspace',
};

/** Every reference leads to something that is declared, and to an attribute that it has. */
export function references(model: Model): Finding[] {
  return model.referrers.flatMap((referrer) => referrer.uses.flatMap((use) => faultOf(referrer, use, model) ?? []));
}

/** Nothing waits for itself. */
export function cycles({ referrers, before }: Model): Finding[] {
  // A variable speaks of itself in its own rule, and nothing is made for it.
  return referrers
    .filter(({ address }) => !address.startsWith('var.') && before(address).has(address))
    .map(({ address }) => ({ rule: 'cycle', where: address, what: 'It waits for itself, through what it refers to.' }));
}

/** Every variable is used by something other than its own rule. */
export function variables({ json, referrers }: Model): Finding[] {
  const used = new Set(
    referrers.flatMap(({ address, uses }) => uses.map(({ steps }) => addressOf(steps)).filter((target) => target !== address)),
  );
  return Object.keys(json.variable ?? {})
    .filter((name) => !used.has(`var.${name}`))
    .map((name) => ({ rule: 'variable', where: `var.${name}`, what: 'It is asked for, and nothing uses the answer.' }));
}

function faultOf(referrer: Referrer, use: Use, model: Model): Finding | undefined {
  const { at, steps } = use;
  const whole = steps.join('.').replaceAll('.[]', '[]');
  const fault = (rule: string, what: string): Finding => ({ rule, where: referrer.address, what: `${at}: ${whole} ${what}` });
  const leadsNowhere = (type: string, unknown?: string) =>
    unknown === undefined ? undefined : fault('attribute', `leads nowhere: ${type} has no ${unknown}.`);
  const given = GIVEN[steps[0]!];
  if (given && !given(referrer, use, model)) return fault('reference', 'has no meaning there.');
  const own = steps[0] === 'self' ? model.blocks.get(referrer.address) : undefined;
  if (own) return leadsNowhere(own.type, attributeFault(shapeOf(own.type), steps.slice(1)));
  if (given) return undefined;
  if (steps[0] === 'var')
    return Object.hasOwn(model.json.variable ?? {}, steps[1] ?? '') ? undefined : fault('reference', 'is no variable.');

  const block = model.blocks.get(addressOf(steps));
  if (!block) return fault('reference', 'is not declared.');
  const rest = steps.slice(addressOf(steps).split('.').length);
  const several = block.body.for_each !== undefined || block.body.count !== undefined;
  if (several && rest.length > 0 && rest[0] !== '[]') return fault('reference', 'stands for several: it needs an index.');
  return leadsNowhere(block.type, attributeFault(shapeOf(block.type), several ? rest.slice(1) : rest));
}

/** The first step of a way into a resource that leads nowhere. Behind a value there may be anything. */
function attributeFault(shape: Shape | undefined, steps: readonly string[]): string | undefined {
  let within = shape;
  for (const step of steps) {
    if (step === '[]') continue;
    const next = within?.attribute(step);
    if (next === undefined) return step;
    if (next === 'value') return undefined;
    within = next;
  }
  return undefined;
}
