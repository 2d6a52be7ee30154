import { isInteger, type ParseOptions, parse as parseExactly, stringify as stringifyExactly } from 'lossless-json';

/** Sixteen digits in a row, or an exponent of three: no number without them is more than a double can hold. */
const LARGE_NUMBER = /[0-9](?:[0-9]{15}|[eE]\+?[0-9]{3,}[,}\]\s])/;

/**
 * Objects and lists within each other, at most. BigQuery takes no more. Without a bound the stack decides, and that is
 * larger at one try than at another, so that one event could end in the dead letter first and in the store later.
 */
const MAX_DEPTH = 500;

/**
 * Parse JSON without losing digits: a whole number that a double cannot hold becomes a `bigint`. Of a name that stands
 * twice in an object, the last one counts.
 * @throws SyntaxError on anything that is not JSON
 * @throws RangeError on a number beyond 1.8e308, which would become `Infinity` and then `null`, and on too many levels
 */
export function parse(text: string): unknown {
  // Each level takes two characters.
  if (text.length > 2 * MAX_DEPTH) requireShallow(text);
  return LARGE_NUMBER.test(text) ? parseExactly(text, null, EXACTLY) : JSON.parse(text);
}

/**
 * Write a value as JSON on one line, a `bigint` as the number it is.
 * @throws Error on a value that contains itself
 */
export function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof TypeError && error.message.includes('BigInt')) return stringifyExactly(value) as string;
    throw error;
  }
}

const EXACTLY: ParseOptions = { parseNumber: exactNumber, onDuplicateKey: ({ newValue }) => newValue };

function exactNumber(digits: string): number | bigint {
  const number = Number(digits);
  if (isInteger(digits) && !Number.isSafeInteger(number)) return BigInt(digits);
  if (!Number.isFinite(number)) throw new RangeError(`the number ${digits.slice(0, 20)} is too large`);
  return number;
}

function requireShallow(text: string) {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfText(text, at);
    else if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth--;
    if (depth > MAX_DEPTH) throw new RangeError(`nested more than ${MAX_DEPTH} levels deep`);
  }
}

/** Where the quoted text that starts at `start` ends. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
