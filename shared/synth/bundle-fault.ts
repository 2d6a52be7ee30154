import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { BuildFailure } from 'esbuild';

/** esbuild's error for a package that it does not find. Does not match relative paths and modules of Node.js. */
const NOT_FOUND = /^Could not resolve "((?:@[^/"]+\/)?[^./":][^/":]*)[^":]*"/;

/**
 * Turn an error of esbuild into an error of one line that says what to do.
 * @param folder the folder of the handler
 * @param project the folder that packages are installed in
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
 * Refuse a bundle that contains a package with native code. If the package loads its native code at run time, esbuild omits that
 * code without an error.
 * @param inputs the files in the bundle, as paths from `root`
 * @throws Error of one line
 */
export function requireNoNativeCode(folder: string, inputs: readonly string[], root: string) {
  const packages = new Set(inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  for (const one of packages) if (hasNativeCode(path.join(root, one))) throw nativeFault(folder, packageOf(one) ?? one);
}

/** Whether the package is built by node-gyp, or has a separate package for each platform. */
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
  const why = 'which is compiled for one platform, and the bundle runs on another';
  return new Error(`${folder} cannot be bundled: the package ${name} has native code, ${why}. Use a package without native code.`);
}

/** The name of the package that a file belongs to. */
function packageOf(file: string): string | undefined {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
}

/** Whether the package is installed. A path within an installed package may still not exist. */
function isInstalled(name: string, project: string): boolean {
  const folders = createRequire(path.join(project, 'package.json')).resolve.paths(name) ?? [];
  return folders.some((folder) => existsSync(path.join(folder, name)));
}

/** The package with its version in `package.json` of the project, or in `.blueprints.json` if the handler was copied. */
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
