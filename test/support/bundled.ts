import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { BUNDLING } from '../../shared/synth/handler-package';
import { temporaryFolder } from './folder';

const root = BUNDLING.absWorkingDir;

/** A script with all that it loads, by paths from the root, as one file, as a handler ships: a process starts with it in a moment. */
export function bundled(script: string): string {
  const outfile = path.join(temporaryFolder(), 'script.js');
  buildSync({ ...BUNDLING, stdin: { contents: script, resolveDir: root }, outfile });
  return outfile;
}

/**
 * The code of a handler as it ships, but for the transform: this one stores each event as it came. What a user's own does is
 * for the tests of `shared/runtime/transform.ts` to say.
 * @param transform the file of another transform, by its path from the root
 */
export function handlerCode(folder: string, transform?: string): string {
  const main = readFileSync(path.join(root, folder, 'main.ts'), 'utf8');
  const contents = main.replace(
    /^import { transform } from '.*\/shared\/runtime\/transform';$/m,
    transform ? `import { transform } from '${path.join(root, transform)}';` : 'const transform = (event: object) => event;',
  );
  if (contents === main) throw new Error(`${folder}/main.ts imports no transform`);
  const stdin = { contents, resolveDir: path.join(root, folder), loader: 'ts' as const, sourcefile: 'main.ts' };
  return buildSync({ ...BUNDLING, stdin, write: false, outfile: 'index.js' }).outputFiles[0]!.text;
}
