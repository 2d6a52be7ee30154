import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { BuildFailure } from 'esbuild';

/** A package, as esbuild names what it does not find: neither a path nor something of Node.js. */
const NOT_FOUND = /^Could not resolve "((?:@[^/"]+\/)?[^./":][^/":]*)[^":]*"/;

/**
 * What esbuild throws, as an error of one line that says what to do.
 * @param folder the handler
 * @param project where packages are installed
 */
export function bundleFault(thrown: unknown, folder: string, project: string): unknown {
  const [first, ...others] = (thrown as Partial<BuildFailure>).errors ?? [];
  if (!first) return thrown;
  const names = [first, ...others].map(({ text }) => NOT_FOUND.exec(text)?.[1]);
  const missing = [...new Set(names.filter((name) => name !== undefined))].filter((name) => !isInstalled(name, project));
  const { text, location } = first;
  if (missing.length === 0)
    return new Error(`${folder} cannot be bundled: ${location ? `${location.file}:${location.line}: ` : ''}${text}.`);
  const [packages, are] = missing.length > 1 ? ['packages', 'are'] : ['package', 'is'];
  const install = `npm install ${missing.map((name) => withVersion(name, project)).join(' ')}`;
  return new Error(`${folder} needs the ${packages} ${missing.join(' and ')}, which ${are} not installed. Run ${install}.`);
}

/** A path within a package that is there may still lead nowhere. */
function isInstalled(name: string, project: string): boolean {
  const folders = createRequire(path.join(project, 'package.json')).resolve.paths(name) ?? [];
  return folders.some((folder) => existsSync(path.join(folder, name)));
}

/** A package with the version that the project names, or the one that the handler was copied with. */
function withVersion(name: string, project: string): string {
  const { dependencies, devDependencies } = listedIn(path.join(project, 'package.json'));
  const version = dependencies?.[name] ?? devDependencies?.[name] ?? listedIn(path.join(project, '.blueprints.json')).packages?.[name];
  return version === undefined ? name : `${name}@${version}`;
}

type Listed = Partial<Record<'dependencies' | 'devDependencies' | 'packages', Readonly<Record<string, string>>>>;

function listedIn(file: string): Listed {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Listed;
  } catch {
    return {};
  }
}
