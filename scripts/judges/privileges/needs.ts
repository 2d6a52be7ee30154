import type { Facts } from '../../../shared/read/facts/find';
import type { Need } from '../../../shared/read/facts/types';
import type { Stack } from '../../../shared/read/stack';
import { handlerNeeds } from './handlers';

/** What the work of each identity takes: what its facts say of each resource, and what the code calls that runs in it. */
export function needsOf(stack: Stack, facts: Facts): Need[] {
  return stack.all.flatMap((resource): Need[] => {
    const { needs, runs } = facts.type(resource) ?? {};
    const code = facts.type(resource) && facts.role(resource, stack) === 'runs code' ? runs?.(resource, stack) : undefined;
    return [
      ...(needs?.(resource, stack) ?? []).map((need) => ({ only: '', ...need })),
      ...(code?.code === undefined ? [] : handlerNeeds(code.as, code.code, code.settings, facts)),
    ];
  });
}
