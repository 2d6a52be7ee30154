/** Half of a surrogate pair, as `stringify` writes it: behind an even number of backslashes. */
const HALF_PAIR = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;
/** Whether a text has no half of a surrogate pair. A store that holds Unicode alone writes U+FFFD for it, so that two texts become one. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** {@link isWellFormed}, for every text and name in a value that `stringify` wrote as `json`. */
export function isWellFormedJson(json: string): boolean {
  return !json.includes('\\ud') || !HALF_PAIR.test(json);
}
