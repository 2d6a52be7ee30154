import { DOORS_AND_DATA } from './data-rules';
import { DELIVERY } from './delivery-rules';
import type { Rule } from './rule';

/** What the templates for AWS promise, and are held to. */
export const AWS: readonly Rule[] = [...DOORS_AND_DATA, ...DELIVERY];
