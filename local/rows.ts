import type { EventName, StoredRow } from './platform';

/** The rows of an object: a line each. */
export function rowsOf(text: string, place: string): StoredRow[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ text: line, place, event: eventIn(line) }));
}

function eventIn(line: string): EventName | undefined {
  try {
    const { source, id } = (JSON.parse(line) ?? {}) as Readonly<Record<string, unknown>>;
    return typeof source === 'string' && typeof id === 'string' ? { source, id } : undefined;
  } catch {
    return undefined;
  }
}
