import type { Facts } from './facts/find';
import type { Seen } from './facts/types';
import { type Access, byStage, type Hop, isDeadLetter, facts as joined, type Picture } from './picture';
import type { Asked, Stack } from './stack';

/**
 * What a template says, in the words of a reader. What is known of its types comes from the facts.
 * @throws Error that names the file to write when it holds a type of which nothing is known
 */
export function pictureOf(stack: Stack, facts: Facts, access: readonly Access[]): Picture {
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
    .flatMap(({ resource }) => known.flatMap((target) => handedOn(resource, target.resource, target.facts.takes ?? [], seen)));
  return {
    resources: stack.all.filter(({ type }) => !type.startsWith('data.')).map(({ stage, type, id }) => ({ stage, type, id })),
    flow: [...said, ...handed].sort(byStage),
    access,
  };
}

/** Whoever receives: a stage, or the dead letter within one. */
export function receiverOf({ name, stage }: Asked): string {
  return isDeadLetter(name) ? `${stage} dead letter` : stage;
}

/** What somebody who runs code may add to something that holds data. What a stage does to itself is no way of an event. */
function handedOn(from: Asked, to: Asked, takes: readonly string[], seen: Seen): Hop[] {
  if (from.stage === receiverOf(to)) return [];
  return seen.access
    .filter(({ identity, may, on }) => identity.startsWith(from.stage) && isAt(on, to.name) && takes.some((action) => allows(may, action)))
    .map(({ may, on }) => ({
      from: from.stage,
      how: joined(may, on.slice(to.name.length).trim()),
      to: receiverOf(to),
      notes: seen.tell(to),
    }));
}

function isAt(on: string, name: string): boolean {
  return on === name || on.startsWith(`${name} `);
}

/** Whether a list of actions, in which the service is said once, holds one. A wildcard holds it too. */
function allows(may: string, action: string): boolean {
  const [service] = action.split(':');
  return may
    .split(', ')
    .map((one) => (one.includes(':') || !action.includes(':') ? one : `${service}:${one}`))
    .some((one) => new RegExp(`^${one.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(action));
}
