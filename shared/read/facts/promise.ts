import { type Asked, amount, is, type Stack, type Value } from '../stack';
import type { Promised } from './types';
import { type Edit, type Json, set } from './weaken';

/** What every promise says. */
interface Says {
  /** The rule, as it is named in what it finds. */
  readonly rule: string;
  /** What must be so, after "must". */
  readonly must: string;
  /** What is worse when it is broken, in a few words. */
  readonly worse: string;
}

/** A setting has one of some values. It is weakened by taking it out, or by another value. */
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

/** Anything else that must be so, with one way or several to break it. */
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
