import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CLOUDS, type Cloud } from '../../shared/synth/blueprints';
import { catalogOf, chosen } from './choice';
import { closureOf, importsIn, packageOf } from './closure';
import { headOf, uncommitted } from './git';
import { hashOf, isWithin, MARK, type Mark, markText, readMark, readText } from './mark';
import { installCommands, type Versions, versionsOf } from './packages';
import { lackingSettings } from './settings';
import { type Use, useOf } from './use';

/** What to copy, and where. */
export interface Wish {
  /** The names on the command line. */
  readonly words: readonly string[];
  readonly project: string;
  /** The folder in the project. By default the folder of the existing copy, or the project folder itself. */
  readonly into?: string;
}

/** Everything that is copied, before anything is written. */
export interface Selection {
  /** What was named, and the handlers for it. */
  readonly names: readonly string[];
  readonly into: string;
  /** By their paths in this repository. */
  readonly files: readonly string[];
  readonly packages: Versions;
  readonly uses: readonly Use[];
}

/** The result of a copy, or of a dry run. */
export interface Copied extends Omit<Selection, 'uses'> {
  readonly written: readonly string[];
  /** Files that exist in the project with the same content. */
  readonly same: readonly string[];
  /** Files that were copied before and changed in the project. They are not overwritten. */
  readonly kept: readonly string[];
  readonly install: readonly string[];
  /** The settings that the project lacks. */
  readonly settings: readonly string[];
  readonly uses: readonly Use[];
}

/**
 * Find everything to copy for the given names.
 * @throws Misunderstood if a name is not in the catalog
 */
export function select(
  words: readonly string[],
  root: string,
  { into, project }: { readonly into: string; readonly project: string },
): Selection {
  const catalog = catalogOf(root);
  const names = [...new Set(chosen(words, catalog))].sort();
  const clouds = CLOUDS.filter((cloud) => names.some((name) => name.startsWith(`${cloud}/`)));
  const uses = clouds.map((cloud) => useOf(cloud, names, { catalog, root, into, file: entryOf(project, cloud) }));
  const copied = [...new Set([...names, ...uses.flatMap(({ handlers }) => handlers)])];
  const { files, packages } = closureOf([...copied, ...uses.flatMap(({ entries }) => entries)], root);
  const ofLines = importsIn(uses.flatMap(({ lines }) => lines).join('\n')).filter((name) => !name.startsWith('.'));
  const imported = [...packages, ...ofLines.map(packageOf)];
  return { names: copied.sort(), into, files, packages: versionsOf(imported, root), uses };
}

/**
 * Copy what is named into a project, or list what would be copied. Either all files are written or none.
 * @throws Error if a file cannot be copied, with one line for each file that would be overwritten
 */
export function copy({ words, project, into: wanted }: Wish, root: string, isDry: boolean): Copied {
  requireProject(project, root);
  const before = readMark(project);
  const into = intoOf(wanted, before);
  const selection = select([...(before?.copied ?? []), ...words], root, { into, project });
  const commit = headOf(root);
  if (!isDry) requireCommitted(selection.files, root);

  const ours = new Map(selection.files.map((file) => [file, readText(path.join(root, file))!]));
  if (before && before.commit !== commit) requireUpToDate(before, ours, project);
  const written: string[] = [];
  const same: string[] = [];
  const kept: string[] = [];
  const inTheWay: string[] = [];
  for (const [file, text] of ours) {
    const blocked = blockedBy(project, path.posix.join(into, file));
    const there = blocked === undefined ? readText(path.join(project, into, file)) : undefined;
    if (blocked !== undefined) inTheWay.push(blocked);
    else if (there === text) same.push(file);
    else if (there === undefined) written.push(file);
    else if (before?.files[file] === hashOf(text)) kept.push(file);
    else inTheWay.push(`${path.posix.join(into, file)} already exists with other content. Move it, or copy with --into.`);
  }
  requireFree(inTheWay);
  const { names, files, packages } = selection;
  const mark: Mark = {
    commit,
    copied: names,
    into,
    packages,
    files: Object.fromEntries([...ours].map(([file, text]) => [file, hashOf(text)])),
  };
  if (!isDry) {
    for (const file of written) writeText(path.join(project, into, file), ours.get(file)!);
    writeText(path.join(project, MARK), markText(mark));
  }
  return { ...selection, files, written, same, kept, install: installCommands(packages, project), settings: lackingSettings(project) };
}

/** @throws Error with one line for each file that cannot be written */
export function requireFree(inTheWay: readonly string[]) {
  if (inTheWay.length > 0) throw new Error([...new Set(inTheWay)].join('\n'));
}

/** Why a file cannot be written: a folder has its name, or a file has the name of one of its folders. */
export function blockedBy(project: string, file: string): string | undefined {
  const parts = file.split('/');
  for (const length of parts.keys()) {
    const part = parts.slice(0, length + 1).join('/');
    const found = statSync(path.join(project, part), { throwIfNoEntry: false });
    if (!found) return undefined;
    if (found.isDirectory() === (part === file))
      return `${part} already exists and is ${part === file ? 'a folder' : 'not a folder'}. Move it.`;
  }
  return undefined;
}

export function writeText(file: string, text: string) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** @throws Error if the project does not exist, or is in this repository */
export function requireProject(project: string, root: string) {
  if (!statSync(project, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Error(
      `${project} is not a folder. The last argument must be the folder of your project. Create it first, with npx cdk init app --language typescript or npx cdktf init.`,
    );
  }
  if (!path.relative(root, project).startsWith('..') && !path.isAbsolute(path.relative(root, project))) {
    throw new Error(`${project} is in this repository. Copy into a project outside of it.`);
  }
}

/** @throws Error if a file is not committed: an update could not find the version that was copied */
export function requireCommitted(files: readonly string[], root: string) {
  const [first, ...others] = uncommitted(files, root);
  if (first === undefined) return;
  const more = others.length > 0 ? ` and ${others.length} more are` : ' is';
  throw new Error(`${first}${more} not committed, so a later update could not find the copied version. Run git commit or git stash first.`);
}

function intoOf(wanted: string | undefined, before: Mark | undefined): string {
  if (wanted === undefined) return before?.into ?? '';
  const into = path.posix.normalize(wanted).replace(/\/+$/, '').replace(/^\.$/, '');
  if (into !== '' && !isWithin(into)) throw new Error(`--into must be a folder within the project, got ${JSON.stringify(wanted)}.`);
  if (before && before.into !== into) {
    throw new Error(`The project already has a copy in ${JSON.stringify(before.into || '.')}, and can have only one. Leave --into out.`);
  }
  return into;
}

function requireUpToDate(before: Mark, ours: ReadonlyMap<string, string>, project: string) {
  const isOld = Object.entries(before.files).some(([file, hash]) => hash !== hashOf(ours.get(file) ?? ''));
  if (isOld) throw new Error(`The copy in ${project} is of an earlier commit. Run npm run copy -- --update ${project} first.`);
}

/** The entry file of the project's app, from cdk.json or cdktf.json. */
function entryOf(project: string, cloud: Cloud): string {
  const [settings, usual] = cloud === 'aws' ? ['cdk.json', 'bin/my-app.ts'] : ['cdktf.json', 'main.ts'];
  const text = readText(path.join(project, settings)) ?? '';
  const [, found] = /"app":\s*"[^"]*?([^\s"]+\.ts)"/.exec(text) ?? [];
  return found === undefined ? usual : path.posix.normalize(found);
}
