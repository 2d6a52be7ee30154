import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder that the paths of scripts start from. In a copy it may be a subfolder of the project. */
const root = path.join(__dirname, '../..');

/**
 * The Python script of a job: the path of `main.py` in a folder such as `shared/runtime/spark/compact`.
 * @returns a path on this machine, for an asset
 */
export function packageScript(folder: string): string {
  return path.join(root, folder, 'main.py');
}

/** The text of a script, for a file that the template holds itself. */
export function textOfScript(script: string): string {
  return readFileSync(script, 'utf8');
}
