import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Compared, compare } from './compare';
import { blockedBy, requireCommitted, requireFree, writeText } from './copy';
import { git } from './git';
import { hashOf, MARK, markText } from './mark';
import { upgradeNotes } from './notes';
import { installCommands } from './packages';

/** What an update does with a file of a copy. */
export interface Step {
  readonly file: string;
  readonly what: 'added' | 'updated' | 'merged' | 'conflict' | 'removed' | 'kept' | 'skipped';
  /** The content to write. `undefined` if the file is removed or stays unchanged. */
  readonly text?: string;
  readonly because?: string;
}

/** The result of an update, or of a dry run. */
export interface Updated {
  readonly from: string;
  readonly to: string;
  readonly into: string;
  readonly steps: readonly Omit<Step, 'text'>[];
  readonly install: readonly string[];
  /** The upgrade notes in CHANGELOG.md between the two commits. */
  readonly notes: readonly string[];
}

/**
 * Apply the changes of this repository to a copy. Changes in the project are kept, and merged if both sides changed a file. Either
 * all files are written or none.
 * @throws Error if a file cannot be updated, with one line for each file that would be lost or has conflict markers
 */
export function update(project: string, root: string, isDry: boolean): Updated {
  const { mark, commit, selection, files } = compare(project, root);
  const { into, packages } = selection;
  if (!isDry) requireCommitted(selection.files, root);
  const place = (file: string) => path.join(project, into, file);
  const inTheWay = files.flatMap((one) => faultOf(one, project, path.posix.join(into, one.file)));
  requireFree(inTheWay);
  const steps = files.flatMap(stepOf);
  if (!isDry) {
    for (const { file, what, text } of steps) {
      if (what === 'removed') rmSync(place(file));
      else if (text !== undefined) writeText(place(file), text);
    }
    const hashes = files.flatMap(({ file, text }) => (text === undefined ? [] : [[file, hashOf(text)] as const]));
    writeText(path.join(project, MARK), markText({ commit, copied: selection.names, into, packages, files: Object.fromEntries(hashes) }));
  }
  return {
    from: mark.commit,
    to: commit,
    into,
    steps: steps.map(({ file, what, because }) => ({ file, what, because })),
    install: installCommands(packages, project),
    notes: upgradeNotes(mark.commit, selection.names, root),
  };
}

function faultOf({ upstream, there, text }: Compared, project: string, shown: string): string[] {
  const blocked = text === undefined ? undefined : blockedBy(project, shown);
  if (blocked !== undefined) return [blocked];
  if (there !== undefined && /^<{7} /m.test(there)) return [`${shown} has conflict markers. Resolve the conflict first.`];
  if (upstream === 'added' && there !== undefined && there !== text)
    return [`${shown} already exists, and the update adds a file with this name. Move it.`];
  return [];
}

/** What to do with a file. Nothing if it is identical in both places, or did not change in this repository. */
function stepOf({ file, upstream, yours, base, text, there }: Compared): Step[] {
  if (text === there) return [];
  switch (upstream) {
    case 'same':
      return [];
    case 'added':
      return [{ file, what: 'added', text }];
    case 'gone':
      return yours === 'same'
        ? [{ file, what: 'removed' }]
        : [{ file, what: 'kept', because: 'it is no longer needed, and you changed it' }];
    case 'changed':
      if (yours === 'same') return [{ file, what: 'updated', text }];
      if (there === undefined) return [{ file, what: 'skipped', because: 'it changed upstream, and you deleted it' }];
      return [merge(file, there, base(), text!)];
  }
}

/** Merge both changes of a file, as git does. */
function merge(file: string, there: string, base: string, text: string): Step {
  const folder = mkdtempSync(path.join(tmpdir(), 'copy-'));
  try {
    const names = Object.entries({ yours: there, 'as copied': base, upstream: text });
    for (const [name, content] of names) writeFileSync(path.join(folder, name), content);
    const labels = names.flatMap(([name]) => ['-L', name]);
    const { status, stdout, stderr } = git(folder, ['merge-file', '-p', ...labels, ...names.map(([name]) => name)]);
    // Its exit code is the number of conflicts. Above 127 it is an error.
    if (status > 127) throw new Error(`git merge-file cannot merge ${file}: ${stderr.trim()}`);
    return { file, what: status === 0 ? 'merged' : 'conflict', text: stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
