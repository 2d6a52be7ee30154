import { containerOf, type PutBlob } from './container';

/** Write records that cannot be processed into a container, one blob each: `DEAD_LETTER_ENDPOINT`, `DEAD_LETTER_CONTAINER`. */
export function deadLetterContainer(name: string): PutBlob {
  return containerOf(name, 'application/json');
}
