import ts from 'typescript';
import { type Cloud, TITLES } from '../shared/synth/blueprints';
import { type Found, findConstructs, interfaceOf, parse } from './constructs';

/** The page `docs/settings.md`: every setting of every construct, from the comments in the code. */
export function settingsPage(): string {
  const clouds = Object.entries(TITLES).map(([cloud, title]) => [
    `## ${title}`,
    ...findConstructs([cloud as Cloud]).flatMap(section),
    deliveryOf(cloud),
  ]);
  return `${['# Settings', INTRODUCTION, ...clouds.flat()].join('\n\n')}\n`;
}

const INTRODUCTION = `Every construct with its settings, in the order of the stages. This page is generated from the comments in the code. A test compares each default
that is a value with the template.`;

/** The section of a construct: its description, and the table of its settings. */
function section({ name, file, declaration, props }: Found): string[] {
  const [first] = textOf(declaration).split('\n\n');
  if (!first) throw new Error(`${file}: ${name} needs a comment that says what it is.`);
  return [`### [${name}](../${file})`, first, table(props)];
}

function deliveryOf(cloud: string): string {
  return `### [Delivery](../${cloud}/ports/delivery.ts)\n\nHow records reach their target. The default of a setting depends on the source.\n\n${table(interfaceOf(parse(`${cloud}/ports/delivery.ts`), 'Delivery')!)}`;
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
