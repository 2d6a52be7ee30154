import { type AsRead, Digits, type Tree, treeOf } from '../../contents';
import type { StoredRow } from '../../platform';

type Members = Readonly<Record<string, Tree>>;

/** What Table Storage and its sink add to a row. */
const OWN = /^(PartitionKey|RowKey|Timestamp|odata\..*|.*@odata\.type)$/;

/** An entity, as it is on the wire, as the row of its event. */
export function rowOf(entity: string, place: string): StoredRow {
  const members = treeOf(entity) as Members;
  const content = Object.fromEntries(
    Object.entries(members)
      .filter(([name]) => !OWN.test(name))
      .map(([name, value]) => [name, asStored(members[`${name}@odata.type`] === 'Edm.Int64' ? new Digits(String(value)) : value)]),
  );
  const { source, id } = content;
  const event = typeof source === 'string' && typeof id === 'string' ? { source, id } : undefined;
  return { text: entity, content, place, event };
}

/** Table Storage has no null. */
export const asRead: AsRead = (row) =>
  Object.fromEntries(
    Object.entries(row as Members)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, asStored(value)]),
  );

/** Objects and lists are JSON texts, so a text that is one is compared as what it says. */
function asStored(value: Tree): Tree {
  return typeof value === 'string' && /^[[{]/.test(value) ? (treeOf(value) ?? value) : value;
}
