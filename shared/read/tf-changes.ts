import { byWeight, type Change, type DataFate, type Fate, holdsData } from './changes';
import { type Difference, differences } from './differences';
import type { Facts } from './facts/find';
import type { Value } from './stack';
import { references, type TerraformJson, type TfAsked, TfStack } from './tf';

/** A resource before and after, by the address that it has after. */
interface Pair {
  readonly from: TfAsked;
  readonly to: TfAsked;
  /** The settings that differ, with the numbers of list places left out. */
  readonly settings: readonly Setting[];
}

interface Setting {
  readonly path: string;
  /** Whether it is set on both sides: else the provider may have chosen the same value. */
  readonly isOnBoth: boolean;
}

/**
 * What Terraform does with each resource, when a stack that was applied from one template is applied from another. What replaces a
 * resource is read from the facts of its type, since `terraform plan` asks a cloud before it says so.
 * @see https://developer.hashicorp.com/terraform/plugin/framework/resources/plan-modification#resource-replacement
 */
export function terraformChanges(from: TerraformJson, to: TerraformJson, facts: Facts): Change[] {
  const old = new TfStack(from);
  const made = new TfStack(to);
  const moved = movedIn(to);
  const changedVariables = changedIn(from, to);
  const isResource = ({ type }: TfAsked) => !type.startsWith('data.');
  const pairs = made.all.filter(isResource).flatMap((one): Pair[] => {
    const before = old.get(one.id) ?? old.get(moved.get(one.id));
    return before ? [{ from: before, to: one, settings: settingsOf(before, one, changedVariables) }] : [];
  });
  const replaced = replacedAmong(pairs, facts);
  const kept = new Set(pairs.map((pair) => pair.from));
  const deleted = old.all.filter((one) => isResource(one) && !kept.has(one));
  const created = made.all.filter((one) => isResource(one) && !pairs.some((pair) => pair.to === one));
  return [
    ...deleted.map((one) => change(one, 'deleted', [], dataOf(one, undefined, old, facts))),
    ...pairs.flatMap((pair) => {
      const why = replaced.get(pair.to.id);
      if (why) return [change(pair.to, why.fate, why.because, dataOf(pair.from, pair.to, old, facts))];
      const lost = decided(pair, facts).flatMap(({ decision }) => (typeof decision === 'object' ? [decision.loses] : []));
      if (lost.length > 0) return [change(pair.to, 'changed', lost, 'lost')];
      return pair.settings.length > 0 ? [change(pair.to, 'changed', [])] : [];
    }),
    ...created.map((one) => change(one, 'created', [])),
  ].sort(byWeight);
}

function change({ id, type, name }: TfAsked, fate: Fate, because: readonly string[], data?: DataFate): Change {
  return { id, type, name, fate, because, ...(data && { data }) };
}

/**
 * `prevent_destroy` goes with the block that says it, so it protects from a replacement alone. `deletion_protection` stands in the state.
 */
function dataOf(from: TfAsked, to: TfAsked | undefined, stack: TfStack, facts: Facts): DataFate | undefined {
  if (!holdsData(from, stack, facts)) return undefined;
  const isProtected = from.body.deletion_protection === true || to?.get('lifecycle.prevent_destroy').includes(true);
  return isProtected ? 'protected' : 'lost';
}

interface Why {
  readonly fate: 'replaced' | 'may be replaced';
  readonly because: readonly string[];
}

/** Which resources are replaced: by a setting of their own, or since they are made of something that is replaced. */
function replacedAmong(pairs: readonly Pair[], facts: Facts): ReadonlyMap<string, Why> {
  const found = new Map<string, Why>();
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const pair of pairs) {
      if (found.has(pair.to.id)) continue;
      const why = bySetting(pair, facts) ?? byNeighbour(pair, pairs, found, facts);
      if (why) found.set(pair.to.id, why);
    }
  }
  return found;
}

function bySetting({ from, to, settings }: Pair, facts: Facts): Why | undefined {
  if (from.type !== to.type) return { fate: 'replaced', because: ['its type'] };
  const known = facts.type(to)?.replacedBy;
  if (known === undefined) return settings.length > 0 ? { fate: 'may be replaced', because: settings.map(({ path }) => path) } : undefined;
  // How many there are of it says nothing of each.
  const own = settings.filter(({ path }) => path.split('.')[0] !== 'for_each');
  const of = (mark: '' | '?') => own.filter(({ path }) => known.some((one) => covers(one, path, mark)));
  const sure = of('').filter(({ isOnBoth }) => isOnBoth);
  if (sure.length > 0) return { fate: 'replaced', because: pathsOf(sure) };
  const harmless = decided({ from, to, settings }, facts).filter(({ decision }) => decision !== 'may be replaced');
  const perhaps = [...of(''), ...of('?').filter(({ path }) => harmless.every((one) => one.path !== path))];
  return perhaps.length > 0 ? { fate: 'may be replaced', because: pathsOf(perhaps) } : undefined;
}

/** What the facts say of the values of settings that differ. */
function decided({ from, to, settings }: Pair, facts: Facts) {
  const decides = Object.entries(facts.type(to)?.decides ?? {});
  return decides
    .filter(([path]) => settings.some((one) => one.path === path))
    .map(([path, decide]) => ({ path, decision: decide(from.get(path)[0], to.get(path)[0]) }));
}

/** A setting that must not change does, where it is a setting of a neighbour that changes, or what one computes that is made again. */
function byNeighbour({ to }: Pair, pairs: readonly Pair[], found: ReadonlyMap<string, Why>, facts: Facts): Why | undefined {
  const known = facts.type(to)?.replacedBy ?? ['*'];
  const ignored = to.get('lifecycle.ignore_changes');
  const fixed = Object.entries(to.body).filter(([key]) => !ignored.includes(key) && known.some((one) => covers(one, key, '')));
  const triggers: readonly Value[] = to.get('lifecycle.replace_triggered_by').map((one) => `\${${String(one)}}`);
  for (const value of [...fixed.filter(([key]) => !META.has(key)).map(([, one]) => one), ...triggers]) {
    for (const [address, attribute] of attributesIn(value)) {
      const neighbour = pairs.find((pair) => pair.to.id === address);
      if (neighbour === undefined) continue;
      const { name, body } = neighbour.to;
      const why = found.get(address);
      if (why && !(attribute in body)) {
        return { fate: why.fate, because: [`the ${name} is ${why.fate === 'replaced' ? 'replaced' : 'perhaps replaced'}`] };
      }
      if (neighbour.settings.some(({ path }) => path === attribute))
        return { fate: 'replaced', because: [`the ${attribute} of the ${name}`] };
    }
  }
  return undefined;
}

/** The address and the attribute of each reference in a value. */
function attributesIn(value: Value): [string, string][] {
  const texts = typeof value === 'string' ? [value] : typeof value === 'object' && value !== null ? [JSON.stringify(value)] : [];
  return texts.flatMap((text) => references(text).map((address): [string, string] => [address, attributeAfter(address, text)]));
}

function attributeAfter(address: string, text: string): string {
  return /^\.([a-z_]\w*)/.exec(text.slice(text.indexOf(address) + address.length))?.[1] ?? '';
}

/** What says how Terraform goes about it, and is no setting of the resource. */
const META = new Set(['lifecycle', 'depends_on', 'provider', 'provisioner', 'connection']);

function settingsOf(from: TfAsked, to: TfAsked, variables: ReadonlySet<string>): Setting[] {
  const ignored = new Set(to.get('lifecycle.ignore_changes').map(String));
  const own = (body: object) => Object.fromEntries(Object.entries(body).filter(([key]) => !META.has(key) && !ignored.has(key)));
  const [before, after] = [own(from.body), own(to.body)];
  const changed = differences({ it: before }, { it: after }).map(settingOf);
  // A variable whose default is another one is another value wherever it stands.
  const renamed = Object.entries(after).filter(([, value]) => references(value as Value).some((one) => variables.has(one)));
  return [...changed, ...renamed.map(([path]) => ({ path, isOnBoth: path in before }))];
}

function settingOf({ what }: Difference): Setting {
  const path = what.slice(0, what.indexOf(': '));
  return { path: path.replace(/\.\d+(?=\.|$)/g, ''), isOnBoth: !what.includes(': not set -> ') && !what.endsWith(' -> not set') };
}

/** Whether a setting of the facts is one that differs, or holds it, or lies in it. */
function covers(one: string, path: string, mark: '' | '?'): boolean {
  if (one.endsWith('?') !== (mark === '?')) return false;
  const setting = one.replace('?', '');
  return setting === '*' || setting === path || path.startsWith(`${setting}.`) || setting.startsWith(`${path}.`);
}

function pathsOf(settings: readonly Setting[]): string[] {
  return [...new Set(settings.map(({ path }) => path))];
}

function changedIn(from: TerraformJson, to: TerraformJson): ReadonlySet<string> {
  const names = Object.keys(to.variable ?? {}).filter((name) => from.variable?.[name] !== undefined);
  return new Set(
    names
      .filter((name) => JSON.stringify(from.variable?.[name]?.default) !== JSON.stringify(to.variable?.[name]?.default))
      .map((name) => `var.${name}`),
  );
}

/** The address that a resource had, by the one that it has. */
function movedIn({
  moved = [],
}: TerraformJson & { readonly moved?: readonly { from: string; to: string }[] }): ReadonlyMap<string, string> {
  return new Map(moved.map((one) => [one.to, one.from]));
}
