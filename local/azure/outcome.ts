import type { EventName, Letter, StoredRow } from '../platform';

/** The rows in an object: a line each. */
export function rowsOf(text: string, place: string): StoredRow[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ text: line, place, event: eventIn(line) }));
}

/** What is in a blob of the dead letter. */
export function letterOf(text: string, place: string): Letter {
  const { payload, encoding, reason } = JSON.parse(text) as Record<string, string>;
  return { bytes: Buffer.from(payload!, encoding === 'base64' ? 'base64' : 'utf8'), reason: reason!, place };
}

function eventIn(line: string): EventName | undefined {
  const { source, id } = JSON.parse(line) as Record<string, unknown>;
  return typeof source === 'string' && typeof id === 'string' ? { source, id } : undefined;
}
