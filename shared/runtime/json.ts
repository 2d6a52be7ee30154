import { isInteger, parse as parseExactly, stringify as stringifyExactly } from 'lossless-json';

/** Sixteen digits in a row: the shortest whole number that a double may not hold. */
const LONG_NUMBER = /[0-9]{16}/;

/**
 * Parse JSON without losing digits: a whole number that a double cannot hold becomes a `bigint`.
 * @throws SyntaxError on anything that is not JSON
 */
export function parse(text: string): unknown {
  return LONG_NUMBER.test(text) ? parseExactly(text, null, exactNumber) : JSON.parse(text);
}

/**
 * Write a value as JSON on one line, a `bigint` as the number it is.
 * @throws TypeError on a value that contains itself
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
  return isInteger(digits) && !Number.isSafeInteger(number) ? BigInt(digits) : number;
}
