/** Half of a surrogate pair, as `stringify` writes it: behind an even number of backslashes. */
const HALF_PAIR = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;
/** The character U+0000, as `stringify` writes it. */
const NUL = /(?<!\\)(?:\\\\)*\\u0000/;

/** What keeps a text out of stores that hold Unicode alone: half of a surrogate pair is written there as U+FFFD, so that two texts become one. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** {@link isWellFormed}, for every text and name in a value that `stringify` wrote as `json`. */
export function isWellFormedJson(json: string): boolean {
  return !json.includes('\\ud') || !HALF_PAIR.test(json);
}

/** Whether the character U+0000 is in a value that `stringify` wrote as `json`. PostgreSQL holds it nowhere. */
export function holdsNul(json: string): boolean {
  return json.includes('\\u0000') && NUL.test(json);
}
