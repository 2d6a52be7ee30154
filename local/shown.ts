import path from 'node:path';
import { ROOT } from './state';

/** A path for a shell: relative if it is in the repository, quoted if needed. */
export function shown(file: string): string {
  const below = path.relative(ROOT, file);
  const found = below.startsWith('..') ? file : below;
  return /^[\w./-]+$/.test(found) ? found : `'${found.replaceAll("'", String.raw`'\''`)}'`;
}
