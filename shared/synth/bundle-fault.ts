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
  const [, native] = /^No loader is configured for "\.node" files: (.*)/.exec(text) ?? [];
  if (native !== undefined) return nativeFault(folder, packageOf(native) ?? native);
  if (missing.length === 0)
    return new Error(`${folder} cannot be bundled: ${location ? `${location.file}:${location.line}: ` : ''}${text}.`);
  const [packages, are] = missing.length > 1 ? ['packages', 'are'] : ['package', 'is'];
  const install = `npm install ${missing.map((name) => withVersion(name, project)).join(' ')}`;
  return new Error(`${folder} needs the ${packages} ${missing.join(' and ')}, which ${are} not installed. Run ${install}.`);
}

/**
 * Refuse a bundle with a package in it that has native code: esbuild leaves that out without a word, where the package looks for
 * it while it runs.
 * @param inputs the files that went into the bundle, by their paths from `root`
 * @throws Error in one line
 */
export function requireNoNativeCode(folder: string, inputs: readonly string[], root: string) {
  const packages = new Set(inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  for (const one of packages) if (hasNativeCode(path.join(root, one))) throw nativeFault(folder, packageOf(one) ?? one);
}

/** It is built by node-gyp, or comes in a package for each platform. */
function hasNativeCode(folder: string): boolean {
  const { optionalDependencies = {}, gypfile, binary } = listedIn(path.join(folder, 'package.json'));
  const isOfPlatform = (name: string) => /(linux|darwin|win32)-(x64|arm64)/.test(name);
  return (
    gypfile === true ||
    binary !== undefined ||
    existsSync(path.join(folder, 'binding.gyp')) ||
    Object.keys(optionalDependencies).some(isOfPlatform)
  );
}

function nativeFault(folder: string, name: string): Error {
  const why = 'which is compiled for one kind of machine, and the bundle runs on another';
  return new Error(`${folder} cannot be bundled: the package ${name} has native code, ${why}. Use one that is JavaScript alone.`);
}

/** The name of the package that a file belongs to. */
function packageOf(file: string): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
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

type Listed = Partial<
  Record<'dependencies' | 'devDependencies' | 'optionalDependencies' | 'packages', Readonly<Record<string, string>>>
> & {
  readonly gypfile?: unknown;
  readonly binary?: unknown;
};

function listedIn(file: string): Listed {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Listed;
  } catch {
    return {};
  }
}
