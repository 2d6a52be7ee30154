import { type Facts, unknownType } from '../../shared/read/facts/find';
import type { Role } from '../../shared/read/facts/types';
import type { Asked, Stack } from '../../shared/read/stack';
import type { Finding } from './judge';

/** What whoever has a role must promise: the rules, by the role. */
export const ASKED: Readonly<Record<Role, readonly string[]>> = {
  'lets in': ['known-callers', 'rings'],
  'moves data': ['bounded-retries', 'nothing-lost', 'rings'],
  'holds data': ['encrypted', 'private', 'retained', 'undelete', 'rings'],
  'runs code': ['own-identity', 'ready-before-work', 'rings'],
  grants: [],
  watches: [],
  helps: [],
};

/** Every promise, held against a template: how often one concerned a resource, and what broke it. */
export function holdPromises(stack: Stack, facts: Facts): { held: number; findings: Finding[] } {
  let held = 0;
  const findings = stack.all.flatMap((resource): Finding[] => {
    const { id, name: where, type } = resource;
    const forbidden = [...facts.services.values()].map((service) => service.forbidden?.[type]).find(Boolean);
    if (forbidden) return [{ rule: 'forbidden', where, what: `It must not be there: ${forbidden}` }];
    const known = facts.type(resource);
    if (!known) return [{ rule: 'facts', where: id, what: `${unknownType(type)}` }];
    const promises = (known.promises ?? []).filter(({ concerns }) => concerns?.(resource, stack) ?? true);
    held += promises.length;
    const broken = promises.filter((promise) => !promise.holds(resource, stack));
    return [...silent(resource, stack, facts), ...broken.map(({ rule, must }) => ({ rule, where, what: `It must ${must}.` }))];
  });
  return { held, findings };
}

/** What its role asks for, and its facts neither promise nor answer; and what they answer though they promise it. */
function silent(resource: Asked, stack: Stack, facts: Facts): Finding[] {
  const { promises = [], answered = {}, folder } = facts.of(resource);
  const role = facts.role(resource, stack);
  const given = new Set(promises.map(({ rule }) => rule));
  const missing = ASKED[role].filter((rule) => !given.has(rule) && answered[rule] === undefined);
  const stale = Object.keys(answered).filter((rule) => given.has(rule));
  const finding = (what: string) => ({ rule: 'facts', where: resource.name, what });
  return [
    ...missing.map((rule) => finding(`${folder}/facts.ts must say of ${resource.type}, which ${role}, how it is ${rule}, or why not.`)),
    ...stale.map((rule) => finding(`${folder}/facts.ts answers ${rule} of ${resource.type}, and promises it too.`)),
  ];
}
