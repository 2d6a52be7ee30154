import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bundleHandler } from '../../shared/synth/handler-package';

const root = path.join(__dirname, '../..');

/** A package, as its maker describes it. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** An expression of SPDX, or nothing where the maker says nothing. */
  readonly licence?: string;
}

/** What one handler brings into a cloud. */
export interface Shipped {
  /** The folder of the handler. */
  readonly handler: string;
  /** The size of `index.js`. */
  readonly bytes: number;
  /** How much of it is code of this repository, in bytes. */
  readonly own: number;
  /** The packages in `index.js`, each with its share of it. */
  readonly bundled: readonly (Package & { readonly bytes: number })[];
  /** The packages that the platform installs beside it, as the lockfile of the handler says. */
  readonly installed: readonly Package[];
}

let all: Shipped[] | undefined;

/** What each handler brings into its cloud. They are bundled once. */
export function shipped(): Shipped[] {
  all ??= ['aws', 'azure', 'gcp'].flatMap((cloud) =>
    readdirSync(path.join(root, cloud, 'handlers'))
      .sort()
      .map((name) => shippedBy(`${cloud}/handlers/${name}`)),
  );
  return all;
}

function shippedBy(handler: string): Shipped {
  const { outputFiles, metafile } = bundleHandler(handler);
  const bundled = new Map<string, Package & { bytes: number }>();
  const inputs = Object.entries(Object.values(metafile.outputs)[0]!.inputs);
  for (const [file, { bytesInOutput }] of inputs) {
    const folder = packageFolder(file);
    if (!folder || bytesInOutput === 0) continue;
    const found = describe(folder);
    const key = `${found.name} ${found.version}`;
    bundled.set(key, { ...found, bytes: (bundled.get(key)?.bytes ?? 0) + bytesInOutput });
  }
  return {
    handler,
    bytes: outputFiles[0]!.contents.length,
    own: inputs.reduce((sum, [file, { bytesInOutput }]) => sum + (packageFolder(file) ? 0 : bytesInOutput), 0),
    bundled: [...bundled].sort(byName).map(([, found]) => found),
    installed: installedBeside(handler),
  };
}

/** The folder of the package that a file belongs to: below the last `node_modules` of its path. */
function packageFolder(file: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

function describe(folder: string): Package {
  const { name, version, license } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
  return { name, version, licence: typeof license === 'string' ? license : undefined };
}

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly dev?: true;
}

function installedBeside(handler: string): Package[] {
  const lockfile = path.join(handler, 'package-lock.json');
  if (!readdirSync(path.join(root, handler)).includes('package-lock.json')) return [];
  const { packages }: { packages: Record<string, Locked> } = JSON.parse(readFileSync(path.join(root, lockfile), 'utf8'));
  const installed = Object.entries(packages)
    .filter(([place, { dev }]) => place !== '' && !dev)
    .map(([place, { version, license }]): [string, Package] => {
      const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
      return [`${name} ${version}`, { name, version, licence: license }];
    });
  return [...new Map(installed)].sort(byName).map(([, found]) => found);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
