import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Versions } from './packages';

/** The file in a project that says where what was copied comes from. */
export const MARK = '.blueprints.json';

/** Where what was copied comes from. */
export interface Mark {
  /** The commit of this repository. */
  readonly commit: string;
  /** What was copied, by the words of the command line. */
  readonly copied: readonly string[];
  /** The folder in the project that it was copied into. Empty for the project itself. */
  readonly into: string;
  /** What it imports. */
  readonly packages: Versions;
  /** The SHA-256 of each file as it was copied, by its path in this repository. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * What a project says of where its copy comes from. Nothing where there is none.
 * @throws Error where it is not as this command writes it
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
  throw new Error(`${file} is not as npm run copy writes it. Take it back from your history.`);
}

export function markText(mark: Mark): string {
  return `${JSON.stringify(mark, null, 2)}\n`;
}

/** Whether a path stays within the folder that it is read from. */
export function isWithin(file: string): boolean {
  return !path.isAbsolute(file) && !path.posix.normalize(file).startsWith('..') && !file.includes('\\');
}

/** A file as text, with line feeds, whatever git made of them. Nothing where there is none. */
export function readText(file: string): string | undefined {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file, 'utf8').replaceAll('\r\n', '\n') : undefined;
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
