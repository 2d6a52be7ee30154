import type { DeadLetter } from '../../shared/runtime/verdict';
import { containerOf } from './container';

/** Write the dead letters of some records, or replace those of the same name, also by none. */
export type SendLetters = (name: string, letters: readonly DeadLetter[], signal: AbortSignal) => Promise<void>;

/**
 * A container of dead letters: a blob of JSON lines for each batch that has dead letters, a line for each event. The reason is
 * in the blob and not in its metadata, which has limits on size and characters.
 * @param name the start of the app settings: `DEAD_LETTER` reads `DEAD_LETTER_ENDPOINT` and `DEAD_LETTER_CONTAINER`
 */
export function deadLetterContainer(name: string): SendLetters {
  const put = containerOf(name, 'application/x-ndjson');
  return (of, letters, signal) => put(`${of}.ndjson`, linesOf(letters), signal);
}

/** A line of JSON for each dead letter. */
export function linesOf(letters: readonly DeadLetter[]): string {
  return letters.map((letter) => `${JSON.stringify(letter)}\n`).join('');
}
