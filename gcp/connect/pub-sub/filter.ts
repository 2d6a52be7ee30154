import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';

const LONGEST_BYTES = 256;
const LONGEST_SHOWN = 100;
const TEXT = '"(?:[^"\\\\]|\\\\.)*"';
const KEY = `(?:[\\w-]+|${TEXT})`;
/** A condition on one attribute. */
const CONDITION = new RegExp(
  `attributes\\s*:\\s*${KEY}|attributes\\.${KEY}\\s*!?=\\s*${TEXT}|hasPrefix\\(\\s*attributes\\.${KEY}\\s*,\\s*${TEXT}\\s*\\)`,
  'g',
);
/** Stands for a condition that was checked. It cannot be in a filter. */
const CHECKED = '\u0001';
const CHAIN = `${CHECKED}(?:(?:\\s+AND\\s+${CHECKED})*|(?:\\s+OR\\s+${CHECKED})*)`;
const NEGATED = new RegExp(`(?:\\bNOT\\s+|-\\s*)${CHECKED}`, 'g');
const IN_BRACKETS = new RegExp(`\\(\\s*${CHAIN}\\s*\\)`, 'g');
const WHOLE = new RegExp(`^\\s*${CHAIN}\\s*$`);

/**
 * Refuse a text that is no filter of Pub/Sub. A value that is known only at deploy is accepted.
 * @throws SettingError
 * @see https://cloud.google.com/pubsub/docs/subscription-message-filter#filtering_syntax
 */
export function requireFilter(scope: IConstruct, filter: string) {
  const isText = typeof filter === 'string';
  if (isText && (Token.isUnresolved(filter) || filter.includes('${'))) return;
  if (isText && Buffer.byteLength(filter) <= LONGEST_BYTES && isFilter(filter)) return;
  throw new SettingError(
    scope,
    `filter must be a filter of Pub/Sub on attributes, of at most ${LONGEST_BYTES} bytes`,
    isText ? JSON.stringify(filter.slice(0, LONGEST_SHOWN)) : typeof filter,
    'Write it like attributes.type = "com.example.reading". Put AND and OR into brackets if a filter has both.',
  );
}

/** Replaces conditions, from the inside out, until one is left. */
function isFilter(filter: string): boolean {
  if (filter.includes(CHECKED)) return false;
  let before = '';
  let left = filter.replace(CONDITION, CHECKED);
  while (left !== before) {
    before = left;
    left = left.replace(NEGATED, CHECKED).replace(IN_BRACKETS, CHECKED);
  }
  return WHOLE.test(left);
}
