import type { Facts } from '../../../shared/read/facts/find';
import type { Need } from '../../../shared/read/facts/types';
import { references, type TfStack } from '../../../shared/read/tf';
import { needsOf } from './needs';

/**
 * What the work of each identity takes. A handler names what it reaches by its settings, which hold several addresses: the
 * last one is the narrowest, the container in an account, the table in a dataset.
 */
export function needsOfStack(stack: TfStack, facts: Facts): Need[] {
  return needsOf(stack, facts).map((need) => ({ ...need, on: references(need.on).findLast((address) => stack.get(address)) ?? need.on }));
}
