/** An unpaired surrogate, as `stringify` writes it: after an even number of backslashes. */
const HALF_PAIR = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;
/** Whether a text has no unpaired surrogate. A store that holds only valid Unicode replaces it with U+FFFD, so that two different texts become equal. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** {@link isWellFormed}, for every string and name in a value that `stringify` wrote as `json`. */
export function isWellFormedJson(json: string): boolean {
  return !json.includes('\\ud') || !HALF_PAIR.test(json);
}
