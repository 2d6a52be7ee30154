import type { Facts } from '../../../shared/read/facts/find';
import type { Ask } from '../../../shared/read/facts/types';
import type { LibraryCall } from './handler-calls';

/** What a call asks of a cloud, or nothing where no facts say it. */
export function asksOf(call: LibraryCall, facts: Facts): readonly Ask[] | undefined {
  const services = [...facts.services.values()];
  const known = services.map(({ calls }) => calls?.[call.target]?.(call)).find(Boolean);
  return known ?? (services.some(({ harmless }) => harmless?.includes(call.target)) ? [] : undefined);
}
