import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { StoredRow } from '../../platform';
import type { Item } from './dynamodb';

/** The attributes that the handler adds to a row. */
const OWN = ['eventKey', 'rowIndex', 'eventTime', 'expiresAt'];

/** An item as the row of its event: its attributes as JSON, with all digits of their numbers, without those that the handler adds. */
export function rowOf(item: Item, place: string): StoredRow {
  const [source, ...id] = item.eventKey?.S?.split('|') ?? [];
  const text = membersOf(Object.fromEntries(Object.entries(item).filter(([name]) => !OWN.includes(name))));
  return { text, place, event: source === undefined ? undefined : { source, id: id.join('|') } };
}

function membersOf(members: Item): string {
  return `{${Object.entries(members).map(([name, value]) => `${JSON.stringify(name)}:${jsonOf(value)}`)}}`;
}

function jsonOf({ S, N, BOOL, L, M }: AttributeValue): string {
  if (S !== undefined) return JSON.stringify(S);
  if (L) return `[${L.map(jsonOf)}]`;
  return M ? membersOf(M) : String(N ?? BOOL ?? null);
}
