import type { Need, Permission } from '../../../shared/read/facts/types';

export type { Need, Permission };

/** A permission that the template gives. */
export interface Held extends Permission {
  /** What in the template gives it. */
  readonly at: string;
}

/** What a comparison looks at besides the names. */
export interface Comparison {
  readonly held: readonly Held[];
  readonly needs: readonly Need[];
  /** Whether what is given on one resource holds on another. */
  reaches(given: string, needed: string): boolean;
}

/** What is needed of a permission that is held: nothing, this very permission, or something narrower. */
export function usesOf(held: Held, { needs, reaches }: Comparison): { exact: boolean; needs: readonly Need[] } {
  const used = needs.filter((need) => covers(held, need, reaches));
  return { exact: used.some(({ may, on, only }) => same(may, held.may) && on === held.on && only === held.only), needs: used };
}

/** The needs that nothing covers. */
export function missing({ held, needs, reaches }: Comparison): Need[] {
  return needs.filter((need) => !held.some((one) => covers(one, need, reaches)));
}

const patterns = new Map<string, RegExp>();

/** Whether a text fits a pattern. Case says nothing in the names of actions, on all three clouds. */
export function fits(pattern: string, text: string): boolean {
  const known = patterns.get(pattern) ?? compiled(pattern);
  patterns.set(pattern, known);
  return known.test(text);
}

function compiled(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'i');
}

function covers(held: Held, need: Need, reaches: Comparison['reaches']): boolean {
  const unconditional = held.only === '' || held.only === need.only;
  return held.who === need.who && fits(held.may, need.may) && unconditional && reaches(held.on, need.on);
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
