import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { STAGES } from '../../shared/read/picture';
import { CLOUDS } from '../../shared/synth/blueprints';
import ACCEPTED from './accepted.json';

const ROOT = path.join(__dirname, '../..');
const FLOORS = ['aws', 'azure', 'gcp', 'bin', 'shared', 'scripts', 'local', 'test', 'docs/examples'];
const CODE = /\.(ts|js|cjs|mjs|py|sql|ya?ml|json)$/;
const NOT_WRITTEN_BY_HAND = /(^|\/)(node_modules|\.cache)\/|package-lock\.json$|\.snapshot\.yaml$|runtime\/event-check\.ts$/;

/** Where lines stand that a service has, and in which order they are shown. */
export const PARTS = [
  'construct',
  'tests',
  'runs in the cloud',
  'runs here',
  'platforms',
  'neighbours',
  'other tests',
  'other code',
] as const;
type Part = (typeof PARTS)[number];

export interface Cost {
  /** The folder of the service. */
  readonly service: string;
  /** Of its own parts every line counts, of all other files those that name it. */
  readonly parts: Readonly<Record<Part, { readonly lines: number; readonly files: readonly string[] }>>;
}

/** The folder of each service. */
export function servicesOf(root = ROOT): string[] {
  return CLOUDS.flatMap((cloud) => STAGES.map((stage) => `${cloud}/${stage.toLowerCase()}`))
    .filter((folder) => existsSync(path.join(root, folder)))
    .flatMap((folder) => readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`));
}

/** What a service costs, by the files of a checkout. */
export function costOf(service: string, root = ROOT): Cost {
  const names = namesOf(service, root);
  const parts = Object.fromEntries(PARTS.map((part) => [part, { lines: 0, files: [] as string[] }])) as Record<
    Part,
    { lines: number; files: string[] }
  >;
  for (const { file, lines } of readFiles(root)) {
    const part = partOf(file, service);
    const isOwn = PARTS.indexOf(part) < PARTS.indexOf('platforms');
    const counted = isOwn ? lines : names(file, lines);
    if (counted.length === 0) continue;
    parts[part].lines += counted.length;
    parts[part].files.push(file);
  }
  return { service, parts };
}

/** A line for each file that names a service and may not, and for each that may and does not. */
export function unaccepted({ service, parts }: Cost): string[] {
  const accepted: Readonly<Record<string, { readonly services: readonly string[]; readonly because: string }>> = ACCEPTED;
  const may = Object.keys(accepted).filter((file) => accepted[file]!.services.includes(service));
  const { files } = parts['other code'];
  return [
    ...files
      .filter((file) => !may.includes(file))
      .map((file) => `${file} names ${service}. Move what it knows into the folders of the service.`),
    ...may
      .filter((file) => !files.includes(file))
      .map((file) => `${file} does not name ${service}: take it out of scripts/cost/accepted.json.`),
  ];
}

function partOf(file: string, service: string): Part {
  const [cloud, , name] = service.split('/') as [string, string, string];
  const isNamed = (text: string) => new RegExp(`(^|[-/.])${name}([-/.]|$)`).test(text);
  if (file.startsWith(`${service}/`)) return 'construct';
  if (file.startsWith(`test/${service}/`)) return 'tests';
  if (new RegExp(`^(test/)?${cloud}/(handlers|runtime)/`).test(file))
    return isNamed(file.replace(/^.*(handlers|runtime)\//, '')) ? 'runs in the cloud' : 'neighbours';
  if (new RegExp(`^local/(test/)?${cloud}/`).test(file) && isNamed(file)) return 'runs here';
  if (/\/architectures\/|\/example\.ts$|^docs\/examples\//.test(file)) return 'platforms';
  if (new RegExp(`^(test/)?(${CLOUDS.join('|')})/(${STAGES.join('|').toLowerCase()})/`).test(file)) return 'neighbours';
  return /^(local\/)?test\//.test(file) ? 'other tests' : 'other code';
}

/** The lines of a file that name a service: a class or a resource type of it, or a path into its folders. */
function namesOf(service: string, root: string): (file: string, lines: readonly string[]) => readonly string[] {
  const [cloud, stage, name] = service.split('/') as [string, string, string];
  const own = readdirSync(path.join(root, service), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const classes = own.flatMap((file) => {
    const text = readFileSync(path.join(root, service, file), 'utf8');
    return [...text.matchAll(/^export (?:abstract )?class (\w+)/gm)].map(([, found]) => found!);
  });
  const facts = path.join(root, service, 'facts.ts');
  const types = existsSync(facts) ? Object.keys((require(facts) as { facts: { types: object } }).facts.types) : [];
  const part = `(?:${stage}/${name}/|runtime/(?:sources|sinks)/${name}\\b|handlers/(?:[\\w-]+-)?${name}(?:-[\\w-]+)?\\b)`;
  const [within, outside] = [new RegExp(`(?:\\.\\./|\\./|${cloud}/)${part}`), new RegExp(`\\b${cloud}/${part}`)];
  const known = [...classes, ...types].join('|');
  const naming = known === '' ? undefined : new RegExp(`(?<![\\w:])(${known})(?![\\w:])`);
  return (file, lines) => {
    const paths = new RegExp(`^(test/)?${cloud}/`).test(file) ? within : outside;
    if (!lines.some((line) => naming?.test(line))) return lines.filter((line) => paths.test(line));
    // A file may have a word of its own that is spelled like a class.
    const isItsOwn = (word: string) => lines.some((line) => new RegExp(`\\b(class|interface|type|const|function) ${word}\\b`).test(line));
    const words = new RegExp(`(?<![\\w:])(${[...classes.filter((word) => !isItsOwn(word)), ...types].join('|') || '(?!)'})(?![\\w:])`);
    return lines.filter((line) => words.test(line) || paths.test(line));
  };
}

let read: { root: string; files: { file: string; lines: string[] }[] } | undefined;

/** Every hand-written file of code, with its lines that are neither empty nor a comment. */
function readFiles(root: string) {
  if (read?.root !== root)
    read = {
      root,
      files: FLOORS.flatMap((folder) => filesIn(folder, root)).map((file) => ({ file, lines: linesOf(path.join(root, file)) })),
    };
  return read.files;
}

function filesIn(folder: string, root: string): string[] {
  if (!existsSync(path.join(root, folder))) return [];
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    if (NOT_WRITTEN_BY_HAND.test(`${file}${entry.isDirectory() ? '/' : ''}`)) return [];
    if (entry.isDirectory()) return filesIn(file, root);
    return entry.isFile() && CODE.test(file) ? [file] : [];
  });
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => !/^\s*(\/\/|\/?\*|#|$)/.test(line));
}
