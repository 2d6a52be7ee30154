import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** Files that are used in this repository only. */
const STAYS = /(^|\/)(facts|promises|example)\.ts$|(^|\/)\./;

/** The files and packages that an entry needs. */
export interface Closure {
  /** Paths from the root, sorted. */
  readonly files: readonly string[];
  /** As in imports: `node:path` for a module of Node.js. */
  readonly packages: readonly string[];
}

/**
 * Find everything that the given files and folders need: their imports, recursively, the folder of each handler that they bundle,
 * and the file that a generated file was generated from.
 * @throws Error if an imported file does not exist
 */
export function closureOf(entries: readonly string[], root: string): Closure {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    if (!file.endsWith('.ts')) return;
    const text = readFileSync(path.join(root, file), 'utf8');
    for (const folder of handlersIn(text)) filesIn(folder, root).forEach(visit);
    for (const name of importsIn(text)) {
      if (name.startsWith('.')) visit(resolve(file, name, root));
      else packages.add(packageOf(name));
    }
    const [, origin] = /^\/\/ Generated from (\S+)/.exec(text) ?? [];
    if (origin) visit(path.posix.join(path.posix.dirname(file), origin));
  };
  for (const entry of entries) {
    if (statSync(path.join(root, entry)).isDirectory()) filesIn(entry, root).forEach(visit);
    else visit(entry);
  }
  return { files: [...files].sort(), packages: [...packages].sort() };
}

/** The files of a folder that are copied. */
export function filesIn(folder: string, root: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    if (STAYS.test(file) || entry.name === 'node_modules') return [];
    return entry.isDirectory() ? filesIn(file, root) : [file];
  });
}

const imported = new Map<string, readonly string[]>();

/** The imports of a text, including types, as they are written. */
export function importsIn(text: string): readonly string[] {
  const found = imported.get(text) ?? ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  imported.set(text, found);
  return found;
}

/** The folders of the handlers and scripts that a text bundles. */
export function handlersIn(text: string): string[] {
  return [...text.matchAll(/^(?!\s*(?:\*|\/\/)).*\bpackage(?:Handler|Code|Script)\('([^']+)'\)/gm)].map(([, folder]) => folder!);
}

/** The file that is imported, as a path from the root. */
export function resolve(file: string, name: string, root: string): string {
  const target = path.posix.join(path.posix.dirname(file), name);
  const found = [`${target}.ts`, target, `${target}/index.ts`].find((one) =>
    statSync(path.join(root, one), { throwIfNoEntry: false })?.isFile(),
  );
  if (found === undefined) throw new Error(`${file} imports ${name}, which does not exist.`);
  return found;
}

/** The package of an import, without the path within the package. */
export function packageOf(name: string): string {
  return /^(?:@[^/]+\/)?[^/]+/.exec(name)![0];
}
