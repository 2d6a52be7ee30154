import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';

/** Where the packages of this repository are installed: here, or in a folder above where it is one of several workspaces. */
export const PACKAGES = installed(path.join(__dirname, '../..'));

/** Gives a folder the installed packages, all or these, without their cache. */
export function linkPackages(folder: string, names = readdirSync(PACKAGES).filter((entry) => entry !== '.cache')) {
  mkdirSync(path.join(folder, 'node_modules'));
  for (const name of names) symlinkSync(path.join(PACKAGES, name), path.join(folder, 'node_modules', name));
}

function installed(folder: string): string {
  const packages = path.join(folder, 'node_modules');
  return existsSync(path.join(packages, 'aws-cdk-lib')) ? packages : installed(path.dirname(folder));
}
