import { isInteger, parse as parseExactly, stringify as stringifyExactly } from 'lossless-json';

/** Sixteen digits in a row, or an exponent of three: no number without them is more than a double can hold. */
const LARGE_NUMBER = /[0-9](?:[0-9]{15}|[eE]\+?[0-9]{3,}[,}\]\s])/;

/**
 * Parse JSON without losing digits: a whole number that a double cannot hold becomes a `bigint`.
 * @throws SyntaxError on anything that is not JSON
 * @throws RangeError on a number beyond 1.8e308, which would become `Infinity` and then `null`
 */
export function parse(text: string): unknown {
  return LARGE_NUMBER.test(text) ? parseExactly(text, null, exactNumber) : JSON.parse(text);
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

function exactNumber(digits: string): number | bigint {
  const number = Number(digits);
  if (isInteger(digits) && !Number.isSafeInteger(number)) return BigInt(digits);
  if (!Number.isFinite(number)) throw new RangeError(`the number ${digits.slice(0, 20)} is too large`);
  return number;
}
