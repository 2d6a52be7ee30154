import type { DeadLetter } from '../../shared/runtime/verdict';
import { containerOf } from './container';

/** Write what cannot be processed of some records. The same name again replaces it, also by nothing. */
export type SendLetters = (name: string, letters: readonly DeadLetter[], signal: AbortSignal) => Promise<void>;

/**
 * A container of dead letters: a blob of JSON lines for each batch that has some, a line for each event. A letter is within
 * the blob, so that neither its size nor its characters meet the limits of metadata.
 * @param name what starts the settings: `DEAD_LETTER` reads `DEAD_LETTER_ENDPOINT` and `DEAD_LETTER_CONTAINER`
 */
export function deadLetterContainer(name: string): SendLetters {
  const put = containerOf(name, 'application/x-ndjson');
  return (of, letters, signal) => put(`${of}.ndjson`, linesOf(letters), signal);
}

/** A line of JSON for each letter. */
export function linesOf(letters: readonly DeadLetter[]): string {
  return letters.map((letter) => `${JSON.stringify(letter)}\n`).join('');
}
