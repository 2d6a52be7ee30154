import type { Event } from '../shared/runtime/event';
import { transform } from '../shared/runtime/transform';
import { judge } from '../shared/runtime/verdict';
import { type Tree, treeOf, writtenTree } from './contents';

/** What is to be found of an event: its rows, which may be none, or itself in the dead letter. */
export type Made = { readonly rows: readonly Tree[]; readonly event: Tree } | { readonly reason: string };

/** What the transform makes of an event, with every digit of it: what a reader of the store must find. */
export function madeByTransform(body: Buffer): Made {
  let read: Event | undefined;
  const keep = (event: Event) => {
    read = event;
    return transform(event);
  };
  const verdict = judge(body, keep, (row) => row);
  const event = treeOf(body.toString());
  if ('reason' in verdict) return verdict;
  if (event === undefined) return { reason: 'no JSON' };
  return { rows: verdict.rows.map((row) => writtenTree(row, read, event)), event };
}
