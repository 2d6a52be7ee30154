import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { catalogOf, pathsOf } from './choice';
import { requireProject, type Selection, select } from './copy';
import { fileAt, git, headOf, requireCommit } from './git';
import { hashOf, MARK, type Mark, readMark, readText } from './mark';

/** A file of a copy, and how it changed since the copy. */
export interface Compared {
  /** By its path in this repository. */
  readonly file: string;
  readonly upstream: 'same' | 'changed' | 'added' | 'gone';
  readonly yours: 'same' | 'changed' | 'gone';
  /** Nothing where it was not copied yet. */
  base(): string;
  /** What it is in this repository. */
  readonly text?: string;
  /** What it is in the project. */
  readonly there?: string;
}

/** A copy, and how its files changed. */
export interface Comparison {
  readonly mark: Mark;
  readonly commit: string;
  readonly selection: Selection;
  readonly files: readonly Compared[];
}

/**
 * Find what changed in a copy and in this repository since the copy.
 * @throws Error if nothing was copied, or if the commit of the copy is not in this clone
 */
export function compare(project: string, root: string): Comparison {
  requireProject(project, root);
  const mark = readMark(project);
  if (!mark) throw new Error(`${project} has no ${MARK}: nothing was copied there by npm run copy.`);
  const commit = headOf(root);
  requireCommit(mark.commit, root);
  const known = pathsOf(catalogOf(root));
  const selection = select(
    mark.copied.filter((name) => known.includes(name)),
    root,
    { into: mark.into, project },
  );
  const names = [...new Set([...Object.keys(mark.files), ...selection.files])].sort();
  const files = names.map((file): Compared => {
    const hash = mark.files[file];
    const text = selection.files.includes(file) ? readText(path.join(root, file)) : undefined;
    const there = readText(path.join(project, mark.into, file));
    return {
      file,
      upstream: hash === undefined ? 'added' : text === undefined ? 'gone' : hashOf(text) === hash ? 'same' : 'changed',
      yours: there === undefined ? 'gone' : hash === undefined || hashOf(there) !== hash ? 'changed' : 'same',
      base: () => (hash === undefined ? '' : baseOf(file, hash, mark.commit, root)),
      text,
      there,
    };
  });
  return { mark, commit, selection, files };
}

/** The changes of each text, in the format of `git diff`. */
export function diffOf(changes: readonly { readonly file: string; readonly from: string; readonly to: string }[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'copy-'));
  try {
    for (const { file, from, to } of changes) {
      for (const [side, text] of [
        ['a', from],
        ['b', to],
      ] as const) {
        mkdirSync(path.dirname(path.join(folder, side, file)), { recursive: true });
        writeFileSync(path.join(folder, side, file), text);
      }
    }
    return changes.length > 0 ? git(folder, ['diff', '--no-index', '--no-color', '--no-ext-diff', '--no-prefix', 'a', 'b']).stdout : '';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file as it was copied. */
function baseOf(file: string, hash: string, commit: string, root: string): string {
  const text = fileAt(commit, file, root);
  if (text !== undefined && hashOf(text) === hash) return text;
  throw new Error(`${file} was not copied from commit ${commit.slice(0, 12)}, which ${MARK} names. Restore ${MARK} from your git history.`);
}
