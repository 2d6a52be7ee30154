import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CLOUDS } from '../../shared/synth/blueprints';
import type { Finding, Judge } from './judge';

const root = path.join(__dirname, '../..');

/** The handlers that a platform installs packages beside. */
export const INSTALLED: readonly string[] = CLOUDS.map((cloud) => `${cloud}/handlers`)
  .flatMap((folder) => readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`))
  .filter((folder) => existsSync(path.join(root, folder, 'package-lock.json')));

/** Whatever installs packages of npm: this project, the local run, and those handlers. */
const FOLDERS = ['.', 'local', ...INSTALLED];

/** What `package.json` asks for. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  /** The packages whose scripts somebody has looked at, and whether npm runs them. */
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}

/** One package of `package-lock.json`. */
interface Locked extends Manifest {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: true;
  readonly inBundle?: true;
  readonly link?: true;
  readonly os?: readonly string[];
  readonly hasInstallScript?: true;
}

/** What `package-lock.json` says, as far as it is read here. */
export interface Lockfile {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Locked>>;
}

const EXACT = /^\d+\.\d+\.\d+(-[\w.-]+)?$/;

const PLATFORMS =
  'The mirror behind which the lockfile was written lacks what other systems need, so its checksums are not known. Each has its exact version, and none of them ships.';

/** Whatever lets an install bring something other than what was locked, or run what nobody has looked at. */
export function findInLock(manifest: Manifest, lock: Lockfile): Finding[] {
  const packages = Object.entries(lock.packages).filter(([place]) => place !== '');
  const asked = askedAsOptional(lock);
  const unbound = packages.filter(([, { integrity, inBundle, link }]) => integrity === undefined && !inBundle && !link);
  const platforms = unbound.filter(([place, found]) => isOfOtherPlatform(place, found, asked));
  const findings: Finding[] = packages.flatMap(([place, { resolved, hasInstallScript }]) => [
    ...(resolved === undefined ? [] : [finding('resolved', place, `it comes from ${resolved}, not from the registry of who installs`)]),
    ...(hasInstallScript && !isLookedAt(manifest, place) ? [finding('install-script', place, 'nobody has looked at its script')] : []),
  ]);
  for (const one of unbound) if (!platforms.includes(one)) findings.push(finding('integrity', one[0], 'it has no checksum'));
  if (lock.lockfileVersion !== 3) findings.unshift(finding('version', 'lockfileVersion', `it must be 3, got ${lock.lockfileVersion}`));
  if (platforms.length > 0) {
    const where = `${platforms.length} packages of other platforms`;
    findings.push({ ...finding('integrity', where, 'they have no checksum'), reason: PLATFORMS });
  }
  return [...findings, ...inexact(manifest), ...unlike(manifest, lock), ...staleScripts(manifest, packages)];
}

/** Whatever two packages of this project ask for in two versions. */
export function findTwice(manifests: Readonly<Record<string, Manifest>>): Finding[] {
  const asked = new Map<string, Map<string, string>>();
  for (const [folder, manifest] of Object.entries(manifests)) {
    for (const [name, version] of dependenciesOf(manifest)) asked.set(name, (asked.get(name) ?? new Map()).set(folder, version));
  }
  return [...asked]
    .filter(([, versions]) => new Set(versions.values()).size > 1)
    .map(([name, versions]) =>
      finding('same-version', name, [...versions].map(([folder, version]) => `${version} in ${folder}`).join(', ')),
    );
}

/** The lockfiles: they are the only source of versions. */
export const lockfile: Judge = {
  name: 'lockfiles',
  proves: 'every version is exact, every package has a checksum, and no install script runs',
  blueprintsOf: [],
  run: async () => {
    const read = FOLDERS.map((folder) => ({
      folder,
      manifest: readJson<Manifest>(folder, 'package.json'),
      lock: readJson<Lockfile>(folder, 'package-lock.json'),
    }));
    const verdicts = read.map(({ folder, manifest, lock }) => ({
      subject: path.posix.join(folder, 'package-lock.json'),
      looked: `${Object.keys(lock.packages).length - 1} packages`,
      findings: findInLock(manifest, lock),
    }));
    const manifests = Object.fromEntries(read.map(({ folder, manifest }) => [folder, manifest]));
    const named = new Set(read.flatMap(({ manifest }) => dependenciesOf(manifest).map(([name]) => name)));
    return [...verdicts, { subject: 'package.json', looked: `${named.size} dependencies`, findings: findTwice(manifests) }];
  },
};

/** Whether a package is one that npm takes on some systems alone, in the very version that another package asks for. */
function isOfOtherPlatform(place: string, { optional, os, version }: Locked, asked: ReadonlySet<string>): boolean {
  return optional === true && os !== undefined && asked.has(`${nameOf(place)} ${version}`);
}

/** What packages ask for as optional, each with its version. */
function askedAsOptional({ packages }: Lockfile): Set<string> {
  const optional = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.entries(optionalDependencies));
  return new Set(optional.filter(([, version]) => EXACT.test(version)).map(([name, version]) => `${name} ${version}`));
}

function isLookedAt({ allowScripts = {} }: Manifest, place: string): boolean {
  return Object.hasOwn(allowScripts, nameOf(place));
}

function inexact(manifest: Manifest): Finding[] {
  return dependenciesOf(manifest)
    .filter(([, version]) => !EXACT.test(version))
    .map(([name, version]) => finding('exact-version', name, `package.json asks for ${version}`));
}

/** What the manifest asks for and the lockfile does not hold. `npm ci` refuses the rest. */
function unlike(manifest: Manifest, { packages }: Lockfile): Finding[] {
  return dependenciesOf(manifest)
    .map(([name, version]) => [name, version, packages[`node_modules/${name}`]?.version ?? 'nothing'] as const)
    .filter(([, version, locked]) => version !== locked)
    .map(([name, version, locked]) => finding('lock', name, `package.json asks for ${version}, and the lockfile holds ${locked}`));
}

function staleScripts({ allowScripts = {} }: Manifest, packages: readonly (readonly [string, Locked])[]): Finding[] {
  const withScript = new Set(packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([place]) => nameOf(place)));
  return Object.entries(allowScripts).flatMap(([name, allowed]) => [
    ...(withScript.has(name) ? [] : [finding('stale', name, 'allowScripts names it, and it has no script')]),
    ...(allowed ? [finding('install-script', name, 'its script runs on every install')] : []),
  ]);
}

/** Each dependency with its version: that of the package which stands for it, where another does. */
function dependenciesOf({ dependencies = {}, devDependencies = {}, optionalDependencies = {} }: Manifest): [string, string][] {
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).map(([name, version]) => [
    name,
    version.replace(/^npm:@?[^@]+@/, ''),
  ]);
}

function nameOf(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function finding(rule: string, where: string, what: string): Finding {
  return { rule, where, what };
}

function readJson<Content>(folder: string, file: string): Content {
  return JSON.parse(readFileSync(path.join(root, folder, file), 'utf8'));
}
