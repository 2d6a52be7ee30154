import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';

/** The folder of the installed packages: in this repository, or above it if it is one of several npm workspaces. */
export const PACKAGES = packagesAbove(path.join(__dirname, '..'));

/**
 * Link installed packages into the `node_modules` of a folder: all, or the named ones. Each package is linked by itself, because the
 * cache of bundles beside them belongs to the sources of one folder.
 */
export function linkPackages(folder: string, names = readdirSync(PACKAGES).filter((entry) => entry !== '.cache')) {
  mkdirSync(path.join(folder, 'node_modules'));
  for (const name of names) symlinkSync(path.join(PACKAGES, name), path.join(folder, 'node_modules', name), 'junction');
}

function packagesAbove(folder: string): string {
  const packages = path.join(folder, 'node_modules');
  return existsSync(path.join(packages, 'aws-cdk-lib')) ? packages : packagesAbove(path.dirname(folder));
}
