import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RefusedError } from './platform';

/**
 * Write the files of a zip into a new folder.
 * @param name the name of the zip in error messages
 * @throws RefusedError if a file is outside of the folder
 */
export function unpack(files: Readonly<Record<string, Uint8Array>>, folder: string, name: string): string {
  for (const [file, content] of Object.entries(files)) {
    const target = path.join(folder, file);
    if (!target.startsWith(folder + path.sep)) throw new RefusedError(name, `it has a file outside of its folder: ${file}`);
    mkdirSync(file.endsWith('/') ? target : path.dirname(target), { recursive: true });
    if (!file.endsWith('/')) writeFileSync(target, content);
  }
  return folder;
}
