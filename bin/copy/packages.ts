import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '../..');

/** Packages with their exact versions. */
export type Versions = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
}

/**
 * The versions of the imported packages that this repository is tested with. A package that consists only of types is listed as
 * `@types/...`.
 * @throws Error if package.json does not list a package
 */
export function versionsOf(imported: readonly string[], root: string): Versions {
  const { dependencies, devDependencies } = manifestOf(root);
  const known = { ...devDependencies, ...dependencies };
  const names = imported.map((name) => {
    if (name.startsWith('node:')) return '@types/node';
    return known[name] === undefined ? `@types/${name}` : name;
  });
  return Object.fromEntries(
    [...new Set(names)].sort().map((name) => {
      const version = known[name];
      if (version === undefined) throw new Error(`package.json does not list ${name.replace('@types/', '')}, which is imported.`);
      return [name, version] as const;
    }),
  );
}

/** The commands that install packages in a project. Packages that the project has in the same or a later version are left out. */
export function installCommands(versions: Versions, project: string): string[] {
  const { dependencies, devDependencies } = manifestOf(project);
  const has = { ...devDependencies, ...dependencies };
  const lacking = Object.entries(versions).filter(([name, version]) => isBefore(has[name], version));
  const commandOf = (isDev: boolean) => {
    const packages = lacking.filter(([name]) => name.startsWith('@types/') === isDev).map(([name, version]) => `${name}@${version}`);
    return packages.length > 0 ? [`npm install --save-exact ${isDev ? '--save-dev ' : ''}${packages.join(' ')}`] : [];
  };
  return [...olderTypeScript(has), ...commandOf(false), ...commandOf(true)];
}

/** `cdktf init` installs TypeScript 7 beside a ts-jest that requires 6: npm then installs nothing more, and ts-node does not run. */
function olderTypeScript(has: Versions): string[] {
  if (has['ts-jest'] === undefined || isBefore(has.typescript, '7.0.0')) return [];
  const { tsx, typescript } = { ...manifestOf(ROOT).dependencies, ...manifestOf(ROOT).devDependencies };
  return [`npm install --save-exact --save-dev typescript@${typescript} tsx@${tsx}`];
}

/** Whether a version is missing, or lower than another. For a range such as `^10.5.0`, the lowest version is compared. */
function isBefore(version: string | undefined, wanted: string): boolean {
  const [has, needs] = [version ?? '', wanted].map((text) => /(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number));
  if (!has || !needs) return true;
  const place = needs.findIndex((number, index) => number !== has[index]);
  return place >= 0 && has[place]! < needs[place]!;
}

function manifestOf(folder: string): Manifest {
  const file = path.join(folder, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : {};
}
