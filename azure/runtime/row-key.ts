import type { Event } from '../../shared/runtime/event';

/** Separates the parts of a key. {@link safe} never returns it, because each `~` of it is followed by two digits. */
const SEPARATOR = '~~';

/**
 * The key of a row: the source and the id of its event, and its index among the rows of the event. So each row is stored once.
 *
 * Cosmos DB and Table Storage refuse `/`, `\`, `#` and `?` in keys, and some of their clients have trouble with `%` and others.
 */
export function rowKey({ source, id }: Event, index: number): string {
  return [safe(source), safe(id), index].join(SEPARATOR);
}

/** A text in letters, digits, `-`, `_` and `.`; each byte of any other character as `~` and two hexadecimal digits: `~2Fplants~2F7`. */
export function safe(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*~]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%', '~');
}
