import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Versions } from './packages';

/** The file in a project that records where the copied files come from. */
export const MARK = '.blueprints.json';

/** The origin of the copied files. */
export interface Mark {
  /** The commit of this repository. */
  readonly commit: string;
  /** What was copied, by the names on the command line. */
  readonly copied: readonly string[];
  /** The folder in the project that it was copied into. Empty for the project itself. */
  readonly into: string;
  /** The packages that it imports. */
  readonly packages: Versions;
  /** The SHA-256 of each file as it was copied, by its path in this repository. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Read the origin of the copy in a project. `undefined` if nothing was copied.
 * @throws Error if the file is malformed
 */
export function readMark(project: string): Mark | undefined {
  const file = path.join(project, MARK);
  if (!existsSync(file)) return undefined;
  try {
    const mark = JSON.parse(readFileSync(file, 'utf8')) as Mark;
    const isText = (value: unknown) => typeof value === 'string';
    const isRight =
      /^[0-9a-f]{40,64}$/.test(mark.commit) && mark.copied.every(isText) && isText(mark.into) && Object.values(mark.files).every(isText);
    if (isRight && Object.keys(mark.files).every(isWithin) && (mark.into === '' || isWithin(mark.into))) return mark;
  } catch {}
  throw new Error(`${file} is malformed. Restore it from your git history.`);
}

export function markText(mark: Mark): string {
  return `${JSON.stringify(mark, null, 2)}\n`;
}

/** Whether a relative path stays within its folder. */
export function isWithin(file: string): boolean {
  return !path.isAbsolute(file) && !path.posix.normalize(file).startsWith('..') && !file.includes('\\');
}

/** A file as text. CRLF, which git may write on Windows, becomes LF. `undefined` if there is no file. */
export function readText(file: string): string | undefined {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file, 'utf8').replaceAll('\r\n', '\n') : undefined;
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
