import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { CLOUDS, type Cloud } from '../shared/synth/blueprints';

const ROOT = path.join(__dirname, '..');
const ROOMS = ['connect', 'buffer', 'processing', 'store', 'visualize', 'containerization', 'deploy', 'foundation'];

/** What knows several constructs, and so is not what one of them is made of. */
const PUTS_TOGETHER = /\/(example|facts|promises|platform)\.ts$/;

/** A class that people make, or that their platforms extend. */
export interface Found {
  readonly cloud: Cloud;
  readonly name: string;
  readonly file: string;
  readonly declaration: ts.ClassDeclaration;
  /** Its settings. */
  readonly props: ts.InterfaceDeclaration;
  readonly isAbstract: boolean;
}

/**
 * Every construct of some clouds, in the order that data takes. What another construct makes for itself is a part of that
 * one, and left out.
 * @throws Error for a construct whose settings have no interface that is named after it
 */
export function findConstructs(clouds: readonly Cloud[] = CLOUDS, root = ROOT): Found[] {
  return clouds.flatMap((cloud) => {
    const sources = ROOMS.flatMap((room) => filesIn(`${cloud}/${room}`, root)).map((file) => parse(file, root));
    const parts = new Set(sources.filter(({ fileName }) => !PUTS_TOGETHER.test(fileName)).flatMap(madeIn));
    return sources
      .filter(({ fileName }) => !/\/(example|facts|promises)\.ts$/.test(fileName))
      .flatMap((source) => source.statements.filter(isExportedClass).map((declaration) => ({ source, declaration })))
      .filter(({ declaration }) => !parts.has(declaration.name.text))
      .flatMap(({ source, declaration }) => found(cloud, source, declaration) ?? []);
  });
}

/** A file as TypeScript reads it. */
export function parse(file: string, root = ROOT): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(path.join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
}

export function interfaceOf(source: ts.SourceFile, name: string): ts.InterfaceDeclaration | undefined {
  return source.statements.filter(ts.isInterfaceDeclaration).find((node) => node.name.text === name);
}

type NamedClass = ts.ClassDeclaration & { readonly name: ts.Identifier };

function found(cloud: Cloud, source: ts.SourceFile, declaration: NamedClass): Found | undefined {
  const { text: name } = declaration.name;
  const props = interfaceOf(source, `${name}Props`);
  const takes = declaration.members.find(ts.isConstructorDeclaration)?.parameters.map((parameter) => parameter.name.getText()) ?? [];
  if (takes[0] !== 'scope' || (!props && takes.length < 3)) return undefined;
  if (!props) throw new Error(`${source.fileName}: the settings of ${name} need an interface ${name}Props in the same file.`);
  const isAbstract = declaration.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword) ?? false;
  return { cloud, name, file: source.fileName, declaration, props, isAbstract };
}

/** The classes that the constructs of a file make, but for their own. */
function madeIn(source: ts.SourceFile): string[] {
  const own = source.statements.filter(ts.isClassDeclaration).map((node) => node.name?.text);
  const made: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isNewExpression(node)) made.push(node.expression.getText());
    node.forEachChild(visit);
  };
  visit(source);
  return made.filter((name) => !own.includes(name));
}

function isExportedClass(node: ts.Statement): node is NamedClass {
  return (
    ts.isClassDeclaration(node) && node.name !== undefined && !!node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

function filesIn(folder: string, root: string): string[] {
  if (!existsSync(path.join(root, folder))) return [];
  const entries = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  return entries
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.posix.join(folder, name.replaceAll(path.sep, '/')))
    .sort();
}
