import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Event, Row } from '../../../shared/runtime/event';
import { parse, stringify } from '../../../shared/runtime/json';
import { isWellFormedJson } from '../../../shared/runtime/text';
import { utcOf } from '../event-time';

/** A row as DynamoDB takes it. */
export type Item = Record<string, AttributeValue>;

/** The attributes that the sink sets. CloudEvents allows no capital letter in a name, so no attribute of an event has such a name. */
export const OWN = ['eventKey', 'rowIndex', 'eventTime', 'expiresAt'] as const;

/** An item has at most 400 KB. The attribute that says when it expires is added later. */
const ITEM_BYTES = 400 * 1024 - 'expiresAt'.length - 21;
const KEY_BYTES = 2048;
const NAME_BYTES = 65_535;
const LEVELS = 32;

/**
 * One row as an item. It has the key of its event and its index among the rows of the event, so that each row is stored once.
 * @param lookUpBy the field by which rows are looked up
 * @throws Error on a row that DynamoDB cannot store as it is
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
 */
export function dynamodbItem(row: Row, event: Event, index: number, lookUpBy: string): Item {
  const json = stringify(row);
  // DynamoDB would store U+FFFD instead.
  if (!isWellFormedJson(json)) throw new Error('DynamoDB cannot store half of a surrogate pair');
  const fields = parse(json) as Row;
  const own = OWN.find((name) => Object.hasOwn(fields, name));
  if (own) throw new Error(`the row must not have ${own}, which the store sets`);
  if (lookUpBy !== 'eventKey' && Object.hasOwn(fields, lookUpBy)) requireKey(lookUpBy, fields[lookUpBy]);
  const { second, fraction } = utcOf('time', event.time);
  const item: Item = {
    // No source has this character, so two events never have the same key.
    eventKey: { S: `${event.source}|${event.id}` },
    rowIndex: { N: `${index}` },
    // Always with nine digits, so that texts sort as times do.
    eventTime: { S: `${second}.${fraction.padEnd(9, '0')}Z` },
    ...membersOf(fields, LEVELS),
  };
  const bytes = bytesOf({ M: item }) - 3;
  if (bytes > ITEM_BYTES) throw new Error(`the row has about ${bytes} bytes, and DynamoDB stores at most 400 KB`);
  return item;
}

function requireKey(name: string, value: unknown) {
  if (typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= KEY_BYTES) return;
  throw new Error(`${name} must be a text of 1 to ${KEY_BYTES} bytes, or left out, because rows are looked up by it`);
}

function membersOf(value: object, levels: number): Item {
  const members: Item = {};
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__') throw new Error('the client of DynamoDB cannot send the name __proto__');
    if (name === '' || Buffer.byteLength(name) > NAME_BYTES) throw new Error(`DynamoDB stores names of 1 to ${NAME_BYTES} bytes only`);
    members[name] = attributeOf(member, levels);
  }
  return members;
}

function attributeOf(value: unknown, levels: number): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value === null) return { NULL: true };
  if (levels === 1 && (Array.isArray(value) || isObject(value))) throw new Error(`DynamoDB stores at most ${LEVELS} levels`);
  if (Array.isArray(value)) return { L: value.map((one) => attributeOf(one, levels - 1)) };
  return isObject(value) ? { M: membersOf(value, levels - 1) } : { N: digitsOf(value) };
}

/** Whether it is an object, and not a number with all its digits. */
function isObject(value: unknown): value is object {
  return typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
}

/** DynamoDB keeps 38 digits of a number between 1e-130 and 1e126. */
function digitsOf(value: unknown): string {
  const digits = String(value);
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(digits) ?? [];
  const significant = `${whole}${fraction}`.replace(/^0+/, '');
  const power = Number(exponent) - fraction.length + significant.length - 1;
  const kept = significant.replace(/0+$/, '').length;
  if (kept === 0 || (kept <= 38 && power >= -130 && power <= 125)) return digits;
  throw new Error(`DynamoDB cannot store the number ${digits.slice(0, 50)} with all its digits: make it a text`);
}

/**
 * The size of a value, rounded up.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
function bytesOf({ S, N, L, M }: AttributeValue): number {
  if (S !== undefined) return Buffer.byteLength(S);
  if (N !== undefined) return Math.min(21, Math.ceil(N.length / 2) + 1);
  if (L) return L.reduce((sum, one) => sum + 1 + bytesOf(one), 3);
  if (M) return Object.entries(M).reduce((sum, [name, one]) => sum + 1 + Buffer.byteLength(name) + bytesOf(one), 3);
  return 1;
}
