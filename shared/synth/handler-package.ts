import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { type Zippable, zipSync } from 'fflate';
import { bundleFault, requireNoNativeCode } from './bundle-fault';
import type { HandlerCode, HandlerNeeds } from './handler-needs';

/** The folder that handlers are named from. In a copy it may lie within a project. */
const root = path.join(__dirname, '../..');
const project = projectOf(root) ?? root;
const cache = path.join(project, 'node_modules/.cache/blueprints');
/** What makes a bundle: another version of any of these may make another bundle from the same sources. */
const makers = [
  'shared/synth/handler-package.ts',
  ...['tsconfig.json', 'package-lock.json', 'node_modules/esbuild/package.json', 'node_modules/fflate/package.json'].map((file) =>
    path.join(path.relative(root, project), file),
  ),
];

/** What a handler needs where it runs. It is read while synthesizing, and does not go along. */
const NEEDS = 'needs.json';

/** Code, bundled and zipped. Equal sources give an equal hash on every machine, on every day. */
export interface CodePackage extends Pick<HandlerCode, 'zip' | 'hash'> {
  /** The files that went into it, by their paths from the root. */
  readonly inputs: readonly string[];
}

/** A handler, bundled and zipped. */
export interface HandlerPackage extends CodePackage {
  readonly needs: HandlerNeeds;
}

/**
 * Bundle the handler in a folder such as `aws/handlers/kinesis-to-s3` into a zip, and read what it needs.
 * @throws Error on a folder without `needs.json`, and on one that says it wrong
 */
export function packageHandler(folder: string): HandlerPackage {
  const needs = readNeeds(`${folder}/${NEEDS}`);
  return { ...packageCode(folder), needs };
}

/**
 * Bundle the code in a folder into a zip: `main.ts` becomes `index.js`, and the other files go along as they are, but for
 * TypeScript, hidden files and `needs.json`, which says what a handler needs.
 *
 * A bundle is kept and used again for as long as no file that went into it changes.
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

/** What a bundle was made from. */
interface Recipe extends Pick<HandlerPackage, 'hash'> {
  /** The files that go along as they are. */
  readonly extras: readonly string[];
  /** The hash of each file that had a say in the bundle, by its path from the root. */
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
  throw new Error(`${file} ${fault}. It says what the handler reads and which settings its stores have: ${example}.`);
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

/** The nearest folder that has a `package.json`, from a folder upwards. */
function projectOf(folder: string): string | undefined {
  if (existsSync(path.join(folder, 'package.json'))) return folder;
  const above = path.dirname(folder);
  return above === folder ? undefined : projectOf(above);
}

/** How code that runs in a cloud becomes one file. */
export const BUNDLING = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  // The Functions host brings this module into the process; it exists nowhere else.
  external: ['@azure/functions-core'],
  // Packages that ask where they lie are ES modules; the bundle is CommonJS.
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  logLevel: 'silent',
} satisfies BuildOptions;

/**
 * Bundle `main.ts` of a folder into the text of one file, and say what went into it.
 * @throws Error in one line on a package that is not installed, on one with native code, and on code that is no TypeScript
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

/** Zip with nothing in it of the day, the machine or the order of a directory. Zip has no time before 1980. */
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

/** Write under another name first, so that a reader at the same moment sees the old file or the new one, never half. */
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

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
