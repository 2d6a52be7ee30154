import type { Facts } from '../../../shared/read/facts/find';
import type { Ask } from '../../../shared/read/facts/types';
import type { LibraryCall } from './handler-calls';

/** What a call asks of a cloud, or nothing where no facts say it. A request made by hand is known to the service it goes to. */
export function asksOf(call: LibraryCall, facts: Facts): readonly Ask[] | undefined {
  const services = [...facts.services.values()];
  const asks = services.map(({ calls }) => calls?.[call.target]?.(call)).find(Boolean);
  return asks ?? (services.some(({ harmless }) => harmless?.includes(call.target)) ? [] : undefined);
}
