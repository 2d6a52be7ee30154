import type { Facts } from '../../../shared/read/facts/find';
import type { Ask } from '../../../shared/read/facts/types';
import type { LibraryCall } from './handler-calls';

/** The function of the user. It is pure, so a package that it uses is taken for one that asks nothing of a cloud. */
const TRANSFORM = /^shared\/runtime\/transform\.ts:/;
/** What reaches out of the process: clients of the clouds, and what Node.js itself has for it. */
const REACHES_OUT = /^(@aws-sdk|@azure|@google-cloud|@smithy|@types\/node|google-\w+|something unknown)\b/;

/** What a call asks of a cloud, or nothing where no facts say it. A request made by hand is known to the service it goes to. */
export function asksOf(call: LibraryCall, facts: Facts): readonly Ask[] | undefined {
  const services = [...facts.services.values()];
  const asks = services.map(({ calls }) => calls?.[call.target]?.(call)).find(Boolean);
  const isHarmless = services.some(({ harmless }) => harmless?.includes(call.target));
  return asks ?? (isHarmless || (TRANSFORM.test(call.where) && !REACHES_OUT.test(call.target)) ? [] : undefined);
}
