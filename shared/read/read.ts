import type { Facts } from './facts/find';
import type { Seen } from './facts/types';
import { graphOf } from './graph';
import { byStage, type Granted, type Hop, isDeadLetter, facts as joined, type Picture, type Step } from './picture';
import type { Asked, Stack } from './stack';

/**
 * Summarize a template, with the facts of its resource types.
 * @throws Error if a resource type has no facts, with the file to add them to
 */
export function pictureOf(stack: Stack, facts: Facts, granted: readonly Granted[]): Picture {
  const access = granted.map(({ holder: _, ...row }) => row);
  const seen: Seen = {
    all: stack.all,
    access,
    of: (...types) => stack.of(...types),
    get: (id) => stack.get(id),
    tell: (resource) => (resource ? joined(...(facts.of(resource).tells?.(resource, stack) ?? [])) : ''),
  };
  const known = stack.all.map((resource) => ({ resource, facts: facts.of(resource) }));
  const said = known.flatMap(({ resource, facts: { flow } }) => flow?.(resource, seen) ?? []);
  const handed = known
    .filter(({ resource }) => facts.role(resource, stack) === 'runs code')
    .flatMap(({ resource, facts: { runs } }) => {
      const as = runs?.(resource, stack).as;
      const own = granted.filter(({ holder, identity }) => (as === undefined ? isWithin(identity, resource.stage) : holder === as));
      return [
        ...known.flatMap((target) => handedOn(resource, target.resource, target.facts.takes ?? [], own, seen)),
        ...handedOut(resource, facts, own, seen),
      ];
    });
  const steps = [...said, ...handed].map((step) => withNames(step, stack)).sort(byStage);
  const shared = sharedNames(steps, stack);
  return {
    resources: stack.all.filter(({ type }) => !type.startsWith('data.')).map(({ stage, type, id }) => ({ stage, type, id })),
    flow: unique(steps.map((step) => withOwnNames(step, shared, stack))),
    graph: graphOf(steps, stack, facts, granted),
    access: granted.map(({ holder, ...row }) => ({
      ...row,
      identity: shared.has(row.identity) ? ownName(holder, row.identity, stack) : row.identity,
    })),
  };
}

/** The names that several resources of one type have in the flow, such as the stage of two functions. */
function sharedNames(steps: readonly Step[], stack: Stack): ReadonlySet<string> {
  const first = new Map<string, string>();
  const shared = new Set<string>();
  for (const { from, to, between } of steps) {
    for (const [name, id] of [
      [from, between[0]],
      [to, between[1]],
    ] as const) {
      const resource = stack.get(id);
      if (!resource || name === resource.name) continue;
      const key = `${resource.type} ${name}`;
      if (!first.has(key)) first.set(key, id);
      else if (first.get(key) !== id) shared.add(name);
    }
  }
  return shared;
}

/** A step whose ends have their own names, where several resources have the name of their stage. */
function withOwnNames(step: Step, shared: ReadonlySet<string>, stack: Stack): Step {
  const [from, to] = [step.from, step.to].map((name, end) => (shared.has(name) ? ownName(step.between[end]!, name, stack) : name));
  return { ...step, from: from!, to: to! };
}

function ownName(id: string, otherwise: string, stack: Stack): string {
  return stack.get(id)?.name ?? otherwise;
}

/** Equal lines of two resources of a stage are printed once. */
function unique(steps: readonly Step[]): Hop[] {
  return [...new Map(steps.map(({ between: _, ...hop }) => [JSON.stringify(hop), hop])).values()];
}

/** The stage name that is used on AWS for resources whose name starts with no stage. These resources do not form one stage. */
const NO_STAGE = 'Stack';

/** An identity without a stage has its own name. */
function withNames(step: Step, stack: Stack): Step {
  const [from, to] = step.between
    .map((id) => stack.get(id))
    .map((end) => (end?.stage === NO_STAGE ? end.name.slice(NO_STAGE.length + 1) : undefined));
  return { ...step, from: from ?? step.from, to: to ?? step.to };
}

/** The receiver: a stage, or the dead letter of a stage. */
export function receiverOf({ name, stage }: Asked): string {
  return isDeadLetter(name) ? `${stage} dead letter` : stage;
}

/** Steps from code to a resource that holds data, from its permissions. Steps within a stage are left out. */
function handedOn(from: Asked, to: Asked, takes: readonly string[], own: readonly Granted[], seen: Seen): Step[] {
  if (from.stage === receiverOf(to) && from.stage !== NO_STAGE) return [];
  return own
    .filter(({ may }) => takes.some((action) => allows(may, action)))
    .flatMap(({ may, on }): Step[] => {
      const places = placesIn(on, to);
      return places.length === 0
        ? []
        : [
            {
              from: from.stage,
              how: joined(may, ...new Set(places)),
              to: receiverOf(to),
              notes: seen.tell(to),
              between: [from.id, to.id],
            },
          ];
    });
}

/** Steps from code to an existing resource outside of the stack, from its permissions. */
function handedOut(from: Asked, facts: Facts, own: readonly Granted[], seen: Seen): Step[] {
  const takers = [...facts.services.values()].flatMap(({ types }) => Object.values(types)).filter(({ takes }) => takes !== undefined);
  return own.flatMap(({ may, on }): Step[] => {
    const taker = takers.find(({ takes }) => takes!.some((action) => allows(may, action)));
    const places = on.split(', ').filter((place) => !EVERYWHERE.includes(place) && seen.all.every(({ name }) => !isWithin(place, name)));
    if (!taker || places.length === 0) return [];
    const to = `an existing ${taker.name}`;
    return [{ from: from.stage, how: joined(may, ...places), to, notes: '', between: [from.id, to] }];
  });
}

/** Whether a name is that of a resource, or of a part of it. */
function isWithin(name: string, whole: string): boolean {
  return name === whole || name.startsWith(`${whole} `);
}

/** The text in the table for a permission on all resources. */
const EVERYWHERE = ['everything', 'project'];
/** The settings with the parent of a Terraform resource. A permission on the parent includes the resource. */
const LIES_IN = ['dataset_id', 'storage_account_id', 'namespace_id'];

/** Which resources of a permission are this resource, a part of it, or a parent of it. */
function placesIn(on: string, to: Asked): string[] {
  const around = [...EVERYWHERE, ...LIES_IN.flatMap((setting) => to.refers(setting)).map(({ name }) => name)];
  return on.split(', ').flatMap((one) => {
    if (isWithin(one, to.name)) return [one.slice(to.name.length).trim()];
    return around.includes(one) ? [`on ${one}`] : [];
  });
}

/** The start of other roles of Google Cloud that can write. */
const BASIC = ['roles/owner', 'roles/editor'];

/** Whether a list of actions contains one. Wildcards and basic roles contain it too. */
function allows(may: string, action: string): boolean {
  const [service] = action.split(':');
  if (BASIC.includes(may) && action.startsWith('roles/')) return true;
  return may
    .split(', ')
    .map((one) => (one.includes(':') || !action.includes(':') ? one : `${service}:${one}`))
    .some((one) => new RegExp(`^${one.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(action));
}
