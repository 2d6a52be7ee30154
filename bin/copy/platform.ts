import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { resolve } from './closure';

/** A construct that a blueprint creates. */
export interface Made {
  readonly blueprint: Platform;
  readonly className: string;
  /** The file of its class, by its path from the root. */
  readonly file: string;
  /** The variable that holds it. `undefined` if no other construct uses it. */
  readonly variable?: string;
  readonly id: string;
  readonly props: readonly ts.ObjectLiteralElementLike[];
  /** The settings that it cannot be created without. */
  readonly required: readonly string[];
}

/** A blueprint, from the text of its file. */
export interface Platform {
  readonly file: string;
  readonly className: string;
  readonly made: readonly Made[];
  /** Its imports from this repository, by name. */
  readonly imports: ReadonlyMap<string, Imported>;
}

/** The file that exports a name, and whether it is the default export. */
export interface Imported {
  readonly file: string;
  readonly isDefault: boolean;
}

/** Find the constructs that the constructor of a blueprint creates. The file is read as text and not loaded. */
export function readPlatform(file: string, root: string): Platform {
  const source = withoutConstants(parsed(file, root));
  const imports = new Map<string, Imported>(source.statements.filter(ts.isImportDeclaration).flatMap((one) => namesOf(one, file, root)));
  const found = source.statements.find((one): one is ts.ClassDeclaration => ts.isClassDeclaration(one) && one.name !== undefined);
  if (!found) throw new Error(`${file} has no class, so it is not a blueprint.`);
  const made: Made[] = [];
  const blueprint = { file, className: found.name!.text, made, imports };
  for (const statement of constructorIn(found)) {
    const { call, variable } = callOf(statement);
    const [scope, id, props] = call?.arguments ?? [];
    if (!call || !ts.isIdentifier(call.expression) || scope?.kind !== ts.SyntaxKind.ThisKeyword || !id || !ts.isStringLiteral(id)) continue;
    const className = call.expression.text;
    const from = imports.get(className);
    if (!from) continue;
    made.push({
      blueprint,
      className,
      file: from.file,
      variable,
      id: id.text,
      props: props && ts.isObjectLiteralExpression(props) ? props.properties : [],
      required: requiredOf(parsed(from.file, root), className),
    });
  }
  return blueprint;
}

function parsed(file: string, root: string): ts.SourceFile {
  return sourceOf(file, readFileSync(path.join(root, file), 'utf8'));
}

const sources = new Map<string, ts.SourceFile>();

/** The same file is asked for by each platform that has its construct. */
function sourceOf(file: string, text: string): ts.SourceFile {
  const key = `${file}\0${text}`;
  const source = sources.get(key) ?? ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  sources.set(key, source);
  return source;
}

function constructorIn(found: ts.ClassDeclaration | undefined): readonly ts.Statement[] {
  return found?.members.find(ts.isConstructorDeclaration)?.body?.statements ?? [];
}

/** The settings without a question mark in the interface of the settings. */
function requiredOf(source: ts.SourceFile, className: string): string[] {
  const settings = source.statements.filter(ts.isInterfaceDeclaration).find(({ name }) => name.text === `${className}Props`);
  return (settings?.members ?? []).filter(({ questionToken }) => !questionToken).map((member) => member.name!.getText());
}

/** The blueprint with the value of each constant of its constructor in place of the constant, unless it is a construct. */
function withoutConstants(source: ts.SourceFile): ts.SourceFile {
  const statements = constructorIn(source.statements.find(ts.isClassDeclaration));
  for (const [index, statement] of statements.entries()) {
    const [constant, ...others] = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [];
    if (!constant?.initializer || others.length > 0 || !ts.isIdentifier(constant.name) || isConstruct(constant.initializer)) continue;
    const [name, value] = [constant.name.text, constant.initializer.getText()];
    const uses = statements.slice(index + 1).flatMap(valuesIn);
    let text = source.text;
    for (const use of uses.filter((one) => one.text === name).reverse()) {
      const replacement = ts.isShorthandPropertyAssignment(use.parent) ? `${name}: ${value}` : value;
      text = text.slice(0, use.getStart()) + replacement + text.slice(use.end);
    }
    return withoutConstants(sourceOf(source.fileName, text.slice(0, statement.pos) + text.slice(statement.end)));
  }
  return source;
}

function isConstruct(node: ts.Expression): boolean {
  return ts.isNewExpression(node) && node.arguments?.[0]?.kind === ts.SyntaxKind.ThisKeyword;
}

/** The identifiers in an expression that are values. */
export function valuesIn(node: ts.Node): ts.Identifier[] {
  if (ts.isIdentifier(node)) return [node];
  if (ts.isShorthandPropertyAssignment(node)) return [node.name];
  if (ts.isPropertyAssignment(node)) return valuesIn(node.initializer);
  if (ts.isPropertyAccessExpression(node)) return valuesIn(node.expression);
  const found: ts.Identifier[] = [];
  ts.forEachChild(node, (child) => {
    found.push(...valuesIn(child));
  });
  return found;
}

/** Whether an expression uses `this`, `props` or another name that exists only in the blueprint. */
export function asksItself(node: ts.Node): boolean {
  return node.kind === ts.SyntaxKind.ThisKeyword || ts.forEachChild(node, asksItself) === true;
}

/** The relative imports of a declaration. */
function namesOf({ moduleSpecifier, importClause }: ts.ImportDeclaration, file: string, root: string) {
  const name = (moduleSpecifier as ts.StringLiteral).text;
  if (!name.startsWith('.') || !importClause) return [];
  const from = resolve(file, name, root);
  const { name: byDefault, namedBindings } = importClause;
  const named = namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements : [];
  return [
    ...(byDefault ? [[byDefault.text, { file: from, isDefault: true }] as const] : []),
    ...named.map((one) => [one.name.text, { file: from, isDefault: false }] as const),
  ];
}

function callOf(statement: ts.Statement): { readonly call?: ts.NewExpression; readonly variable?: string } {
  if (ts.isExpressionStatement(statement) && ts.isNewExpression(statement.expression)) return { call: statement.expression };
  if (!ts.isVariableStatement(statement)) return {};
  const [one] = statement.declarationList.declarations;
  if (!one?.initializer || !ts.isNewExpression(one.initializer) || !ts.isIdentifier(one.name)) return {};
  return { call: one.initializer, variable: one.name.text };
}
