import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FileSystem } from 'aws-cdk-lib';
import type { Facts } from '../../../shared/read/facts/find';
import { packageCode } from '../../../shared/synth/handler-package';
import type { Need } from './compare';
import type { LibraryCall } from './handler-calls';
import { asksOf } from './library';

const ROOT = path.join(__dirname, '../../..');
const CACHE = path.join(ROOT, 'node_modules/.cache/handler-calls');
const CLOUDS = ['aws', 'azure', 'gcp'];

/** A handler, what tells it in a template, and what it calls. */
interface Handler {
  readonly folder: string;
  /** The hash of its zip, and the hash that the CDK names the asset after. */
  readonly hashes: readonly string[];
  readonly calls: readonly LibraryCall[];
}

let known: readonly Handler[] | undefined;

/** The handlers of all clouds. They are read once, since the compiler takes its time. */
export function handlers(): readonly Handler[] {
  known ??= readHandlers();
  return known;
}

/**
 * What the code of a function needs, read from the sources of its bundle.
 * @param code what the template says of the code: the hash of the bundle stands in it
 * @param settings the environment of the function
 */
export function handlerNeeds(who: string, code: string, settings: Readonly<Record<string, string>>, facts: Facts): Need[] {
  const handler = handlers().find(({ hashes }) => hashes.some((hash) => code.includes(hash)));
  if (!handler) return [{ who, may: 'what its code does', on: 'anything', only: '', because: 'its code is no handler of this project' }];
  return handler.calls.flatMap((call) => needsOf(call, settings, facts).map((need) => ({ ...need, who })));
}

function needsOf(call: LibraryCall, settings: Readonly<Record<string, string>>, facts: Facts): Omit<Need, 'who'>[] {
  const asks = asksOf(call, facts);
  const { target, where } = call;
  if (!asks) return [{ may: target, on: 'anything', only: '', because: `${where} calls it, and no facts.ts says what it asks for` }];
  const filled = (text: string) => text.replace(/\{(\w+)\}/g, (setting, name: string) => settings[name] ?? setting);
  return asks
    .filter(({ address = '' }) => isReachable(address, settings))
    .map(({ may, on, only = '' }) => ({ may, on: filled(on), only: filled(only), because: `${where} calls ${target}` }));
}

/** A request to an address whose setting may be missing, and is, is never made. */
function isReachable(address: string, settings: Readonly<Record<string, string>>): boolean {
  return [...address.matchAll(/\{(\w+)\?\}/g)].every(([, name]) => settings[name!] !== undefined);
}

function readHandlers(): Handler[] {
  // Handlers, and the functions of the foundation and of services.
  const folders = CLOUDS.flatMap((cloud) =>
    readdirSync(path.join(ROOT, cloud), { recursive: true, encoding: 'utf8' })
      .filter((file) => path.basename(file) === 'main.ts')
      .map((file) => path.posix.join(cloud, path.dirname(file).replaceAll(path.sep, '/')))
      .sort(),
  );
  const packages = folders.map((folder) => ({ folder, ...packageCode(folder) }));
  const calls = callsOf(Object.fromEntries(packages.map(({ folder, inputs }) => [folder, inputs])));
  return packages.map(({ folder, zip, hash }) => ({ folder, hashes: [hash, FileSystem.fingerprint(zip)], calls: calls[folder]! }));
}

/** What each handler calls. It is kept for as long as no source, no reader of sources and no package changes. */
function callsOf(inputs: Readonly<Record<string, readonly string[]>>): Record<string, LibraryCall[]> {
  const readers = readdirSync(__dirname).map((file) => path.join(__dirname, file));
  const sources = Object.values(inputs).flatMap((files) => files.filter((file) => !file.includes('node_modules')));
  const says = [...readers, ...['package-lock.json', 'tsconfig.json', ...sources].map((file) => path.join(ROOT, file))];
  const hash = createHash('sha256').update(JSON.stringify(inputs));
  for (const file of says) hash.update(readFileSync(file));
  const kept = path.join(CACHE, `${hash.digest('hex')}.json`);
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8')) as Record<string, LibraryCall[]>;
  // The compiler takes its time to load.
  const { libraryCalls }: typeof import('./handler-calls') = require('./handler-calls');
  const calls = libraryCalls(inputs);
  mkdirSync(CACHE, { recursive: true });
  // Whoever reads it meanwhile finds all of it or nothing.
  const part = path.join(CACHE, `${process.pid}.part`);
  writeFileSync(part, JSON.stringify(calls));
  renameSync(part, kept);
  return calls;
}
