import type { Facts } from '../../../shared/read/facts/find';
import type { RoleFacts } from '../../../shared/read/facts/types';
import { fits } from './compare';

/** A resource, or a type of resources. */
type OnType = Parameters<Facts['type']>[0];

/** What a role allows on a resource of a type. Nothing is known of a role that no facts describe. An action of a role of the stack allows itself. */
export function permissionsOf(role: string, on: OnType, facts: Facts): readonly string[] | undefined {
  const effective = facts.type(on)?.effective;
  const permissions = rolesIn(facts)[role]?.permissions ?? (role.startsWith('data:') ? [role] : undefined);
  return permissions?.filter((permission) => effective?.test(permission) ?? true);
}

/** Why a role may hold more than is needed. */
export function surplusOf(role: string, facts: Facts): string | undefined {
  return rolesIn(facts)[role]?.surplus;
}

/** A role that allows less on a resource of a type, and all that is needed. */
export function narrowerThan(role: string, on: OnType, needed: readonly string[], facts: Facts): string | undefined {
  const held = permissionsOf(role, on, facts) ?? [];
  const within = (inner: readonly string[], outer: readonly string[]) => inner.every((one) => outer.some((pattern) => fits(pattern, one)));
  return Object.keys(rolesIn(facts)).find((other) => {
    const less = permissionsOf(other, on, facts)!;
    return within(needed, less) && within(less, held) && !within(held, less);
  });
}

type Roles = Readonly<Record<string, RoleFacts>>;
const known = new WeakMap<Facts, Roles>();

/** They are put together once, since each permission asks for them. */
function rolesIn(facts: Facts): Roles {
  const roles: Roles = known.get(facts) ?? Object.assign({}, ...[...facts.services.values()].map((service) => service.roles));
  known.set(facts, roles);
  return roles;
}
