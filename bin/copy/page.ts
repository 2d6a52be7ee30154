import path from 'node:path';
import type { Cloud } from '../../shared/synth/blueprints';
import { type Comparison, diffOf } from './compare';
import type { Copied } from './copy';
import type { Updated } from './update';

/** What a place is, where the constructs of a cloud take one. */
const SITE: Readonly<Record<Cloud, string>> = {
  aws: '',
  azure: 'site is where resources stand: a resource group, a region, and the start of every name. A change of it replaces everything.',
  gcp: 'site is where resources stand: a project, a region, and the start of every name. It switches on the APIs that are needed. A change of it replaces everything.',
};

const PREVIEW = 'Before you deploy, look at cdk diff, or at terraform plan: what is replaced stands there.';

/** What a copy did, and what comes next. */
export function renderCopy({ files, written, same, kept, settings, install, uses, into }: Copied, folder: string, isDry: boolean): string {
  const count = (number: number) => `${number} ${number === 1 ? 'file' : 'files'}`;
  const there = same.length > 0 ? ` ${same.length} of ${files.length} are there already.` : '';
  return [
    `${isDry ? 'Would copy' : 'Copied'} ${count(written.length)} to ${path.posix.join(folder, into)}.${there}`,
    ...(isDry ? written.map((file) => `  ${file}`) : []),
    ...kept.map((file) => `  ${path.posix.join(into, file)} stays as you changed it.`),
    ...(install.length > 0 ? ['', 'To install, in your project:', ...install.map(indented)] : []),
    ...(settings.length > 0 ? ['', 'To set, in your project:', ...settings.map(indented)] : []),
    ...uses.flatMap(({ lines, file, hints, cloud }) => [
      ...(lines.length > 0 ? ['', `To use it, in ${file}:`, ...lines.map(indented)] : []),
      ...(lines.some((line) => line.startsWith('const site = ')) ? ['', SITE[cloud]] : []),
      ...hints.flatMap((hint) => ['', hint]),
    ]),
  ].join('\n');
}

/** What changed since a copy was made, file by file. */
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

/** The same for people, with the changes themselves. */
export function renderDiff(comparison: Comparison, folder: string): string {
  const { files } = comparison;
  const list = listOf(comparison);
  if (list.files.length === 0) return `Nothing changed, neither here nor in ${folder}.`;
  const ofUpstream = files.filter(({ upstream }) => upstream === 'changed');
  const ofYours = files.filter(({ upstream, yours }) => upstream !== 'added' && yours === 'changed');
  const upstream = diffOf(ofUpstream.map(({ file, base, text }) => ({ file, from: base(), to: text! })));
  const yours = diffOf(ofYours.map(({ file, base, there }) => ({ file, from: base(), to: there! })));
  return [
    `Since ${list.from.slice(0, 12)}, which the copy in ${folder} was made from:`,
    ...list.files.map(({ file, upstream: here, yours: there = 'same' }) => {
      const parts = [here !== 'same' && `${here} upstream`, there !== 'same' && `${there} in yours`].filter(Boolean);
      return `  ${parts.join(', ').padEnd(34)}  ${file}`;
    }),
    ...(upstream ? ['', 'Upstream:', '', upstream.trimEnd()] : []),
    ...(yours ? ['', 'Yours:', '', yours.trimEnd()] : []),
    '',
    `npm run copy -- --update ${folder} merges both.`,
  ].join('\n');
}

/** What an update did, and what a deploy would then do. */
export function renderUpdate({ from, to, into, steps, install, notes }: Updated, folder: string, isDry: boolean): string {
  const commits = `${from.slice(0, 12)} to ${to.slice(0, 12)}`;
  if (steps.length === 0) return `${folder} is up to date with ${to.slice(0, 12)}.`;
  const conflicts = steps.filter(({ what }) => what === 'conflict');
  const count = `${conflicts.length} ${conflicts.length === 1 ? 'file has a conflict' : 'files have conflicts'}`;
  return [
    `${isDry ? 'Would update' : 'Updated'} ${folder} from ${commits}.`,
    ...steps.map(({ file, what, because }) => `  ${what.padEnd(8)}  ${path.posix.join(into, file)}${because ? `: ${because}` : ''}`),
    ...(conflicts.length > 0 ? ['', `${count}: both sides changed the same lines. Look for <<<<<<<, and keep what is right.`] : []),
    ...(install.length > 0 ? ['', 'To install, in your project:', ...install.map(indented)] : []),
    '',
    ...(notes.length > 0
      ? ['What an upgrade does, by CHANGELOG.md:', ...notes.map((note) => indented(`- ${note.replaceAll('\n', '\n  ')}`))]
      : ['CHANGELOG.md has no upgrade note for what changed.']),
    '',
    PREVIEW,
  ].join('\n');
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
