import { gunzipSync } from 'node:zlib';
import type { EventName, StoredRow } from './platform';

/** The rows of an object, one in each line. If the name ends in `.gz`, it is decompressed. */
export function rowsOf(content: Buffer, place: string): StoredRow[] {
  return textOf(content, place)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ text: line, place, event: eventIn(line) }));
}

/** The text of an object. */
export function textOf(content: Buffer, name: string): string {
  return (name.endsWith('.gz') ? gunzipSync(content) : content).toString();
}

function eventIn(line: string): EventName | undefined {
  try {
    const { source, id } = (JSON.parse(line) ?? {}) as Readonly<Record<string, unknown>>;
    return typeof source === 'string' && typeof id === 'string' ? { source, id } : undefined;
  } catch {
    return undefined;
  }
}
