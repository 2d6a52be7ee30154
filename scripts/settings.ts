import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const root = path.join(__dirname, '..');
const CLOUDS = { aws: 'AWS', azure: 'Azure', gcp: 'GCP' };
const ROOMS = ['connect', 'buffer', 'processing', 'store', 'visualize', 'containerization', 'foundation'];

/** Every setting of every construct, from the comments in the code: `docs/settings.md`. */
export function settingsPage(): string {
  const clouds = Object.entries(CLOUDS).map(([cloud, title]) => [
    `## ${title}`,
    ...ROOMS.flatMap((room) => filesOf(cloud, room)).flatMap((file) => constructIn(file)),
    deliveryOf(cloud),
  ]);
  return `${['# Settings', INTRODUCTION, ...clouds.flat()].join('\n\n')}\n`;
}

const INTRODUCTION = `Every construct with its settings, in the order that data takes. This page is generated from the comments in the code, and a test holds each default
that is a value against what the template says.`;

function filesOf(cloud: string, room: string): string[] {
  const folder = path.posix.join(cloud, room);
  if (!existsSync(path.join(root, folder))) return [];
  const entries = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  return entries
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.posix.join(folder, name))
    .sort();
}

/** A construct that people make: what it is, and a table. The parts of a stage are left out: their names end otherwise. */
function constructIn(file: string): string[] {
  const source = parse(file);
  const made = source.statements.find(ts.isClassDeclaration);
  const props = interfaceOf(source, `${made?.name?.text}Props`);
  if (!made?.name || !props || !/(Entry|Buffer|Processor|Store|Site|Platform)$/.test(made.name.text)) return [];
  const [first] = textOf(made).split('\n\n');
  return [`### [${made.name.text}](../${file})`, first!, table(props)];
}

function deliveryOf(cloud: string): string {
  return `### [Delivery](../${cloud}/ports/delivery.ts)\n\nHow records reach their target. What is left out is as the source sees fit; its \`deliverTo\` says how.\n\n${table(interfaceOf(parse(`${cloud}/ports/delivery.ts`), 'Delivery')!)}`;
}

function table(props: ts.InterfaceDeclaration): string {
  const rows = props.members.filter(ts.isPropertySignature).map((member) => {
    const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default');
    const value = cell(ts.getTextOfJSDocComment(tag?.comment) ?? '');
    const standard = value.startsWith('- ') ? value.slice(2) : value ? `\`${value}\`` : 'must be given';
    return `| \`${member.name.getText()}\` | ${standard} | ${cell(textOf(member))} |`;
  });
  return ['| Setting | Default | What it does |', '|---|---|---|', ...rows].join('\n');
}

function cell(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|').trim();
}

function textOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return ts.getTextOfJSDocComment(comment?.comment) ?? '';
}

function interfaceOf(source: ts.SourceFile, name: string): ts.InterfaceDeclaration | undefined {
  return source.statements.filter(ts.isInterfaceDeclaration).find((node) => node.name.text === name);
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(path.join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
}
