import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { type Zippable, zipSync } from 'fflate';
import { bundleFault, requireNoNativeCode } from './bundle-fault';
import type { HandlerCode, HandlerNeeds } from './handler-needs';
import { sha256 } from './sha256';

/** The folder that the paths of handlers start from. In a copy it may be a subfolder of the project. */
export const root = path.join(__dirname, '../..');
/** The folder with `package.json`, in which the tools run. */
export const project = projectOf(root) ?? root;
const cache = path.join(project, 'node_modules/.cache/blueprints');
/** The files that determine the bundle besides its sources. If one of them changes, the bundle is built again. */
const makers = [
  'shared/synth/handler-package.ts',
  ...['tsconfig.json', 'package-lock.json', 'node_modules/esbuild/package.json', 'node_modules/fflate/package.json'].map((file) =>
    path.join(path.relative(root, project), file),
  ),
];

/** The file that lists what a handler requires at run time. It is read during synthesis and is not part of the zip. */
const NEEDS = 'needs.json';

/** Code, bundled and zipped. The same sources give the same hash on every machine. */
export interface CodePackage extends Pick<HandlerCode, 'zip' | 'hash'> {
  /** The files that it was built from, as paths from the root. */
  readonly inputs: readonly string[];
}

/** A handler, bundled and zipped. */
export interface HandlerPackage extends CodePackage {
  readonly needs: HandlerNeeds;
}

/**
 * Bundle the handler in a folder such as `aws/handlers/kinesis-to-s3` into a zip, and read its `needs.json`.
 * @throws Error if `needs.json` is missing or malformed
 */
export function packageHandler(folder: string): HandlerPackage {
  const needs = readNeeds(`${folder}/${NEEDS}`);
  return { ...packageCode(folder), needs };
}

/**
 * Bundle the code in a folder into a zip. `main.ts` becomes `index.js`. The other files are included as they are, except
 * TypeScript files, hidden files and `needs.json`.
 *
 * The bundle is cached until one of the files that it was built from changes.
 */
export function packageCode(folder: string): CodePackage {
  const recipe = path.join(cache, `${folder.replaceAll('/', '-')}.json`);
  const known = readRecipe(recipe);
  const isExtra = (file: string) => !file.endsWith('.ts') && !file.startsWith('.') && file !== NEEDS;
  const extras = readdirSync(path.join(root, folder)).filter(isExtra);
  if (known && isFresh(known, extras)) return packageOf(known);

  const { zip, inputs } = bundle(folder, extras);
  const hash = sha256(zip);
  const made: Recipe = { hash, extras, inputs };
  mkdirSync(cache, { recursive: true });
  writeWhole(zipOf(hash), zip);
  writeWhole(recipe, JSON.stringify(made));
  return packageOf(made);
}

/** What a bundle was built from. */
interface Recipe extends Pick<HandlerPackage, 'hash'> {
  /** The files that are included as they are. */
  readonly extras: readonly string[];
  /** The hash of each file that the bundle was built from, by its path from the root. */
  readonly inputs: Readonly<Record<string, string | undefined>>;
}

function packageOf({ hash, inputs }: Recipe): CodePackage {
  return { zip: zipOf(hash), hash, inputs: Object.keys(inputs).filter((file) => !makers.includes(file)) };
}

function readNeeds(file: string): HandlerNeeds {
  const needs = parsed(file);
  if (isNeeds(needs)) return needs;
  const example = '{ "source": "kinesis", "stores": { "STORE": ["BUCKET", "PREFIX"] } }';
  const fault = existsSync(path.join(root, file)) ? 'is malformed' : 'is missing';
  throw new Error(`${file} ${fault}. It lists the source that the handler reads and the settings of its stores: ${example}.`);
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(path.join(root, file), 'utf8'));
  } catch {
    return undefined;
  }
}

function isNeeds(needs: unknown): needs is HandlerNeeds {
  if (!isObject(needs) || String(Object.keys(needs).sort()) !== 'source,stores' || !isObject(needs.stores)) return false;
  const isList = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isText);
  return isText(needs.source) && Object.values(needs.stores).every(isList);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFresh(recipe: Recipe, extras: readonly string[]): boolean {
  return String(recipe.extras) === String(extras) && Object.entries(recipe.inputs).every(([file, hash]) => hashOf(file) === hash);
}

/** The nearest folder with a `package.json`: the given folder or one of its parents. */
function projectOf(folder: string): string | undefined {
  if (existsSync(path.join(folder, 'package.json'))) return folder;
  const above = path.dirname(folder);
  return above === folder ? undefined : projectOf(above);
}

/** The options of esbuild for code that runs in a cloud. */
export const BUNDLING = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  // The Azure Functions host provides this module at run time.
  external: ['@azure/functions-core'],
  // ES modules may read `import.meta.url`, which does not exist in CommonJS, the format of the bundle.
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  logLevel: 'silent',
} satisfies BuildOptions;

/**
 * Bundle `main.ts` of a folder into one file, and list the files that it was built from.
 * @throws Error of one line if a package is not installed or has native code, or if the code is not valid TypeScript
 */
export function bundleHandler(folder: string) {
  const built = builtFrom(folder);
  requireNoNativeCode(folder, Object.keys(built.metafile.inputs), root);
  return built;
}

function builtFrom(folder: string) {
  try {
    return buildSync({ ...BUNDLING, entryPoints: [`${folder}/main.ts`], metafile: true, write: false, outfile: 'index.js' });
  } catch (error) {
    throw bundleFault(error, folder, project);
  }
}

function bundle(folder: string, extras: readonly string[]) {
  const built = bundleHandler(folder);
  const files: Zippable = { 'index.js': built.outputFiles[0]!.contents };
  for (const file of extras) files[file] = readFileSync(path.join(root, folder, file));
  const inputs = [...makers, ...Object.keys(built.metafile.inputs), ...extras.map((file) => `${folder}/${file}`)];
  return { zip: zipFixed(files), inputs: Object.fromEntries(inputs.map((file) => [file, hashOf(file)])) };
}

/** Zip reproducibly: fixed times and a fixed order of the files. 1980 is the earliest time that a zip can hold. */
function zipFixed(files: Zippable): Uint8Array {
  const ordered = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
  return zipSync(ordered, { mtime: new Date(1980, 0, 1), level: 9, os: 3, attrs: 0o644 << 16 });
}

function readRecipe(file: string): Recipe | undefined {
  try {
    const recipe: Recipe = JSON.parse(readFileSync(file, 'utf8'));
    return sha256(readFileSync(zipOf(recipe.hash))) === recipe.hash ? recipe : undefined;
  } catch {
    return undefined;
  }
}

function zipOf(hash: string): string {
  return path.join(cache, `${hash}.zip`);
}

/** Write to a temporary file first and rename it, so that a reader at the same moment never sees a half-written file. */
function writeWhole(file: string, content: string | Uint8Array) {
  const half = `${file}.${process.pid}`;
  writeFileSync(half, content);
  renameSync(half, file);
}

function hashOf(file: string): string | undefined {
  try {
    return sha256(readFileSync(path.join(root, file)));
  } catch {
    return undefined;
  }
}
