import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import contract from '../runtime/event.schema.json';
import { project, root } from './handler-package';
import { sha256 } from './sha256';

/** Whether a folder, from the root of the blueprints, is a Maven project. */
export function isMavenProject(folder: unknown): folder is string {
  return typeof folder === 'string' && existsSync(path.join(root, folder, 'pom.xml'));
}

/** A hash of the sources of a Maven project, and of the event contract. Tests, and the output of a build, do not count. */
export function hashOfProject(folder: string): string {
  const files = readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.relative(path.join(root, folder), path.join(parentPath, name)).replaceAll(path.sep, '/'))
    .filter((file) => file === 'pom.xml' || file.startsWith('src/main/'));
  const sources = files.sort().map((file) => [file, sha256(readFileSync(path.join(root, folder, file)))]);
  return sha256(JSON.stringify([sources, contract]));
}

/** A path from the root of the blueprints, as a path from the folder in which the tools run. */
export function fromProject(file: string): string {
  return path.relative(project, path.join(root, file)).replaceAll(path.sep, '/');
}
