import path from 'node:path';
import { buildSync } from 'esbuild';
import { BUNDLING } from '../../shared/synth/handler-package';
import { temporaryFolder } from './folder';

/** A script with all that it loads, by paths from the root, as one file, as a handler ships: a process starts with it in a moment. */
export function bundled(script: string): string {
  const outfile = path.join(temporaryFolder(), 'script.js');
  buildSync({ ...BUNDLING, stdin: { contents: script, resolveDir: BUNDLING.absWorkingDir }, outfile });
  return outfile;
}
