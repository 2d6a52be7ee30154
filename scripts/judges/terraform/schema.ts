import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { factsOf } from '../../../shared/read/facts/find';

/** What a resource, or a block in one, can be set to and be asked for. */
export interface Shape {
  /** What can be set, by its name in the template. */
  readonly settings: ReadonlyMap<string, Setting>;
  /** Whether it can be asked for an attribute; a block answers with its own shape. */
  attribute(name: string): Shape | 'value' | undefined;
}

export interface Setting {
  readonly required: boolean;
  /** What stands in it, when it is a block. */
  readonly block?: Shape;
}

const known = new Map<string, Shape | undefined>();

/**
 * The shape of a type such as `google_pubsub_topic` or `data.azurerm_client_config`, as the declarations of CDKTF's bindings
 * have it. They were generated from the schema of exactly the provider that the stack asks for.
 * @returns nothing for a type that nobody knows
 */
export function shapeOf(type: string): Shape | undefined {
  if (!known.has(type)) known.set(type, written(type) ?? declared(type));
  return known.get(type);
}

/** The shape of a type that CDKTF has no bindings for, as its facts say it. */
function written(type: string): Shape | undefined {
  const schema = ['azure', 'gcp'].map((cloud) => factsOf(cloud).type(type)?.schema).find(Boolean);
  if (!schema) return undefined;
  const { settings, computed } = schema;
  const names = settings.map((setting) => [setting.replace('!', ''), { required: setting.endsWith('!') }] as const);
  const all = [...names.map(([name]) => name), ...computed];
  return { settings: new Map(names), attribute: (name) => (all.includes(name) ? 'value' : undefined) };
}

function declared(type: string): Shape | undefined {
  const [provider, ...rest] = type.replace('data.', '').split('_');
  const folder = type.startsWith('data.') ? `data-${provider}-${rest.join('-')}` : rest.join('-');
  const files = module.paths.map((packages) => path.join(packages, `@cdktf/provider-${provider}/lib`, folder, 'index.d.ts'));
  const file = files.find((one) => existsSync(one));
  if (!file) return undefined;
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const classes = new Map(source.statements.filter(ts.isClassDeclaration).map((one) => [one.name!.text, one]));
  const interfaces = new Map(source.statements.filter(ts.isInterfaceDeclaration).map((one) => [one.name.text, one]));
  const made = [...classes.values()].find((one) => /^cdktf\.Terraform(Resource|DataSource)$/.test(parentOf(one)));
  return made && shape(made.name!.text, interfaces.get(`${made.name!.text}Config`), { classes, interfaces });
}

interface Declarations {
  readonly classes: ReadonlyMap<string, ts.ClassDeclaration>;
  readonly interfaces: ReadonlyMap<string, ts.InterfaceDeclaration>;
}

function shape(read: string, set: ts.InterfaceDeclaration | undefined, all: Declarations): Shape {
  const settings = new Map<string, Setting>();
  for (const member of [...(set?.members ?? [])].filter(ts.isPropertySignature)) {
    // The comment of each setting ends in its name in Terraform.
    const name = /#(\w+)\}\s*(\*\/|\n)/.exec(member.getFullText())?.[1];
    const type = namesIn(member.type).find((named) => all.interfaces.has(named));
    const block = type === undefined ? undefined : shape(`${type}OutputReference`, all.interfaces.get(type), all);
    if (name) settings.set(name, { required: !member.questionToken, block });
  }
  return {
    settings,
    attribute(name) {
      const camel = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
      const getters = [...(all.classes.get(read)?.members ?? [])].filter(ts.isGetAccessor);
      const getter =
        getters.find((one) => one.name.getText() === camel) ?? getters.find((one) => one.name.getText() === `${camel}Attribute`);
      if (!getter || (camel.endsWith('Input') && getters.some((one) => `${one.name.getText()}Input` === camel))) return undefined;
      const block = namesIn(getter.type).find((named) => all.classes.has(named));
      return block ? shape(block.replace(/List$/, 'OutputReference'), undefined, all) : 'value';
    },
  };
}

/** The names of the types that a type is put together from. */
function namesIn(type: ts.TypeNode | undefined): string[] {
  return type?.getText().match(/\w+/g) ?? [];
}

function parentOf(declaration: ts.ClassDeclaration): string {
  return declaration.heritageClauses?.[0]?.types[0]?.expression.getText() ?? '';
}
