import path from 'node:path';
import type { Cloud } from '../../shared/synth/blueprints';
import { type Comparison, diffOf } from './compare';
import type { Copied } from './copy';
import type { Updated } from './update';

/** The explanation of `site` for the clouds whose constructs require one. */
const SITE: Readonly<Record<Cloud, string>> = {
  aws: '',
  azure: 'site has the resource group, the region and the prefix of every name. If you change one of them, every resource is replaced.',
  gcp: 'site has the project, the region and the prefix of every name, and enables the APIs. If you change one of them, every resource is replaced.',
};

const PREVIEW = 'Before you deploy, run cdk diff or terraform plan: it shows which resources are replaced.';

/** The result of a copy and the next steps, as text. */
export function renderCopy({ files, written, same, kept, settings, install, uses, into }: Copied, folder: string, isDry: boolean): string {
  const count = (number: number) => `${number} ${number === 1 ? 'file' : 'files'}`;
  const there = same.length > 0 ? ` ${same.length} of ${files.length} exist already.` : '';
  return [
    `${isDry ? 'Would copy' : 'Copied'} ${count(written.length)} to ${path.posix.join(folder, into)}.${there}`,
    ...(isDry ? written.map((file) => `  ${file}`) : []),
    ...kept.map((file) => `  ${path.posix.join(into, file)} keeps your changes.`),
    ...(install.length > 0 ? ['', 'Install in your project:', ...install.map(indented)] : []),
    ...(settings.length > 0 ? ['', 'Set in your project:', ...settings.map(indented)] : []),
    ...uses.flatMap(({ lines, file, hints, cloud }) => [
      ...(lines.length > 0 ? ['', `To use it, in ${file}:`, ...lines.map(indented)] : []),
      ...(lines.some((line) => line.startsWith('const site = ')) ? ['', SITE[cloud]] : []),
      ...hints.flatMap((hint) => ['', hint]),
    ]),
  ].join('\n');
}

/** The changes of each file since the copy. */
export function listOf({ mark, commit, files }: Comparison) {
  const changed = files.filter(
    ({ upstream, yours, text, there }) =>
      (upstream !== 'same' || yours !== 'same') &&
      (upstream !== 'gone' || there !== undefined) &&
      !(upstream === 'added' && text === there),
  );
  return {
    from: mark.commit,
    to: commit,
    into: mark.into,
    files: changed.map(({ file, upstream, yours }) => ({ file, upstream, ...(upstream !== 'added' && { yours }) })),
  };
}

/** The changes as text, with their diffs. */
export function renderDiff(comparison: Comparison, folder: string): string {
  const { files } = comparison;
  const list = listOf(comparison);
  if (list.files.length === 0) return `No changes in this repository and in ${folder}.`;
  const ofUpstream = files.filter(({ upstream }) => upstream === 'changed');
  const ofYours = files.filter(({ upstream, yours }) => upstream !== 'added' && yours === 'changed');
  const upstream = diffOf(ofUpstream.map(({ file, base, text }) => ({ file, from: base(), to: text! })));
  const yours = diffOf(ofYours.map(({ file, base, there }) => ({ file, from: base(), to: there! })));
  return [
    `Changes since commit ${list.from.slice(0, 12)}, which was copied to ${folder}:`,
    ...list.files.map(({ file, upstream: here, yours: there = 'same' }) => {
      const parts = [here !== 'same' && `${here} upstream`, there !== 'same' && `${there} in your project`].filter(Boolean);
      return `  ${parts.join(', ').padEnd(42)}  ${file}`;
    }),
    ...(upstream ? ['', 'Upstream:', '', upstream.trimEnd()] : []),
    ...(yours ? ['', 'Your project:', '', yours.trimEnd()] : []),
    '',
    `npm run copy -- --update ${folder} merges both.`,
  ].join('\n');
}

/** The result of an update, and what to check before the next deploy, as text. */
export function renderUpdate({ from, to, into, steps, install, notes }: Updated, folder: string, isDry: boolean): string {
  const commits = `${from.slice(0, 12)} to ${to.slice(0, 12)}`;
  if (steps.length === 0) return `${folder} is up to date with ${to.slice(0, 12)}.`;
  const conflicts = steps.filter(({ what }) => what === 'conflict');
  const count = `${conflicts.length} ${conflicts.length === 1 ? 'file has a conflict' : 'files have conflicts'}`;
  return [
    `${isDry ? 'Would update' : 'Updated'} ${folder} from ${commits}.`,
    ...steps.map(({ file, what, because }) => `  ${what.padEnd(8)}  ${path.posix.join(into, file)}${because ? `: ${because}` : ''}`),
    ...(conflicts.length > 0 ? ['', `${count}: both sides changed the same lines. Search for <<<<<<< and resolve them.`] : []),
    ...(install.length > 0 ? ['', 'Install in your project:', ...install.map(indented)] : []),
    '',
    ...(notes.length > 0
      ? ['Upgrade notes from CHANGELOG.md:', ...notes.map((note) => indented(`- ${note.replaceAll('\n', '\n  ')}`))]
      : ['CHANGELOG.md has no upgrade notes for these changes.']),
    '',
    PREVIEW,
  ].join('\n');
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
