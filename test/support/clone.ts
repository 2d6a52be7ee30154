import { cpSync } from 'node:fs';
import path from 'node:path';
import { linkPackages } from '../../bin/installed';
import { temporaryFolder } from './folder';

const ROOT = path.join(__dirname, '../..');
const SOURCES = ['aws', 'azure', 'gcp', 'shared', 'bin', 'package.json', 'tsconfig.json', 'cdk.json', 'cdktf.json'];

/** A clone of what synthesizes, with the installed packages but without their cache. */
export function clone(): string {
  const folder = temporaryFolder();
  for (const entry of SOURCES) cpSync(path.join(ROOT, entry), path.join(folder, entry), { recursive: true });
  linkPackages(folder);
  return folder;
}
