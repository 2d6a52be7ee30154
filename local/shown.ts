import path from 'node:path';
import { ROOT } from './state';

/** A path below the repository, or the whole of it, as a shell reads it. */
export function shown(file: string): string {
  const below = path.relative(ROOT, file);
  const found = below.startsWith('..') ? file : below;
  return /^[\w./-]+$/.test(found) ? found : `'${found.replaceAll("'", String.raw`'\''`)}'`;
}
