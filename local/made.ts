import type { Event } from '../shared/runtime/event';
import { transform } from '../shared/runtime/transform';
import { judge } from '../shared/runtime/verdict';
import { type Tree, treeOf, writtenTree } from './contents';

/** The expected result for an event: its rows, which may be none, or the reason why it belongs in the dead letter. */
export type Made = { readonly rows: readonly Tree[]; readonly event: Tree } | { readonly reason: string };

/** The rows that the transform returns for an event, with all digits: a reader of the store must get them. */
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
