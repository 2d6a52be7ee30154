import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/**
 * The defaults that a construct's documentation promises: each optional setting of an interface with its `@default`,
 * but for those that are described in words, after a dash.
 * @throws Error on an optional setting that documents no default
 */
export function documentedDefaults(file: string, name: string): Record<string, string> {
  const defaults: Record<string, string> = {};
  for (const member of membersOf(file, name)) {
    if (!member.questionToken) continue;
    const setting = member.name.getText();
    const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default');
    const value = ts.getTextOfJSDocComment(tag?.comment)?.trim();
    if (!value) throw new Error(`${file}: ${name}.${setting} documents no @default`);
    if (!value.startsWith('- ')) defaults[setting] = value;
  }
  return defaults;
}

/** Every setting of an interface, in its order. */
export function settingsOf(file: string, name: string): string[] {
  return membersOf(file, name).map((member) => member.name.getText());
}

function membersOf(file: string, name: string): ts.PropertySignature[] {
  const text = readFileSync(path.join(__dirname, '../..', file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = source.statements.find(
    (node): node is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(node) && node.name.text === name,
  );
  if (!found) throw new Error(`${file} has no interface ${name}`);
  return found.members.filter(ts.isPropertySignature);
}
