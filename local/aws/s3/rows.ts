import type { EventName, StoredRow } from '../../platform';
import { isRecord } from '../../template/stack';
import type { S3Object } from './s3';

/** The rows of an object: its lines. */
export function rowsOf({ bucket, key, content }: S3Object): readonly StoredRow[] {
  const lines = content.toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((text) => ({ text, event: nameOf(text), place: `${bucket}/${key}` }));
}

function nameOf(row: string): EventName | undefined {
  try {
    const value: unknown = JSON.parse(row);
    if (!isRecord(value)) return undefined;
    const { source, id } = value;
    return typeof source === 'string' && typeof id === 'string' ? { source, id } : undefined;
  } catch {
    return undefined;
  }
}
