import { type Asked, amount, is, type Stack, type Value } from '../stack';
import type { Promised } from './types';
import { type Edit, type Json, set } from './weaken';

/** The fields of every promise. */
interface Says {
  /** The name of the rule in findings. */
  readonly rule: string;
  /** The rule in words, after "must". */
  readonly must: string;
  /** The effect of a violation, in a few words. */
  readonly worse: string;
}

/** A setting has one of the given values. It is weakened by removing it, or by another value. */
export function setTo({
  at,
  to,
  weak,
  ...says
}: Says & { readonly at: string; readonly to: readonly Value[]; readonly weak?: Json }): Promised {
  return broken(says, (resource) => is(resource, at, ...to), set(at, weak));
}

/** A setting is a number within bounds. */
export function counted(says: Says & { readonly at: string; readonly from: number; readonly to?: number; readonly weak?: Json }): Promised {
  const { at, from, to = Number.POSITIVE_INFINITY, weak, ...rest } = says;
  const holds = (resource: Asked) => amount(resource, at) >= from && amount(resource, at) <= to;
  return broken(rest, holds, set(at, weak));
}

/** Any other rule, with one or several changes that break it. */
export function promised(
  rule: string,
  must: string,
  holds: (resource: Asked, stack: Stack) => boolean,
  weakenings: Readonly<Record<string, Edit>>,
): Promised {
  return { rule, must, holds, weakenings };
}

function broken({ rule, must, worse }: Says, holds: Promised['holds'], edit: Edit): Promised {
  return { rule, must, holds, weakenings: { [worse]: edit } };
}
