import type { Symbolic } from './facts/types';
import type { Asked } from './stack';

/** Texts that several facts use. */
export const said = {
  /** What happens to a resource when its stack is deleted. */
  kept: ({ retained }: Asked): string => (retained ? 'retained' : 'deleted with the stack'),
  /** A part of an argument that is known at compile time; `*` if it is not. */
  part: (value: Symbolic | undefined, key: string): string => textOf(typeof value === 'object' ? value[key] : undefined),
  /** An argument that is known at compile time; `*` if it is not. */
  whole: (value: Symbolic | undefined): string => textOf(value),
};

function textOf(value: Symbolic | undefined): string {
  return typeof value === 'string' ? value : '*';
}
