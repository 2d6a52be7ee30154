import { readFileSync } from 'node:fs';
import path from 'node:path';
import { getExpressionAst } from '@cdktf/hcl2json';
import { RefusedError } from '../platform';
import { FUNCTIONS, NoMatch } from './terraform-functions';

type Values = Readonly<Record<string, unknown>>;

/** `cdk.tf.json`, as it stands. */
export interface TerraformJson {
  readonly resource?: Readonly<Record<string, Readonly<Record<string, Values>>>>;
  readonly data?: Readonly<Record<string, Readonly<Record<string, Values>>>>;
  readonly variable?: Readonly<Record<string, Variable>>;
  readonly [section: string]: unknown;
}

interface Variable {
  readonly type?: string;
  readonly default?: unknown;
  readonly validation?: readonly { readonly condition: string; readonly error_message: string }[];
}

/** A resource or a data source of the template. */
export interface TerraformResource {
  /** Such as `google_pubsub_topic`; a data source starts with `data.`. */
  readonly type: string;
  readonly name: string;
  /** Both, with a dot between them. */
  readonly path: string;
  /** What it is set to, not resolved. */
  readonly properties: Values;
  /** What Terraform itself reads: `depends_on`, `lifecycle`, `for_each` and their like. */
  readonly meta: Values;
}

/**
 * What a provider computes: the value of an attribute that the template does not set, such as `id` or
 * `service_config[0].uri`. `undefined` says that it is not known, and then it is refused.
 */
export type Computed = (resource: TerraformResource, attribute: string) => unknown;

const META = ['depends_on', 'lifecycle', 'for_each', 'count', 'provider', 'provisioner', 'connection'];
const END = 'END_OF_THE_TEMPLATE';

/**
 * A Terraform template in JSON, and the values in it.
 *
 * Expressions are parsed by HashiCorp's own parser. What they are worth is decided here: references to variables and
 * resources, and the functions in this file. Anything else is refused, with the place where it stands.
 * @see https://developer.hashicorp.com/terraform/language/syntax/json
 */
export class Terraform {
  private readonly variables = new Map<string, unknown>();
  private readonly parsed = new Map<string, Promise<Node>>();

  private constructor(
    readonly json: TerraformJson,
    private readonly computed: Computed,
  ) {}

  /**
   * Read `cdk.tf.json` in a folder, and answer its variables. One without a default and a value is refused only where it is used: the
   * template may hold a service that does not run here, and this is what to say of it.
   * @throws RefusedError on a variable that the template does not have, or a value that its own rules refuse
   */
  static async read(folder: string, variables: Values, computed: Computed): Promise<Terraform> {
    const file = path.join(folder, 'cdk.tf.json');
    const terraform = new Terraform(JSON.parse(readFileSync(file, 'utf8')), computed);
    await terraform.answer(variables);
    return terraform;
  }

  /** The resources of a type, or all of them. */
  resources(type?: string): TerraformResource[] {
    return [...listed(this.json.resource, ''), ...listed(this.json.data, 'data.')].filter((one) => type === undefined || one.type === type);
  }

  /**
   * The value of anything in the template, with every `${...}` in it resolved.
   * @param at where it stands, for the message of a refusal
   * @throws RefusedError on whatever has no value here
   */
  evaluate(value: unknown, at: string): Promise<unknown> {
    return this.within(value, { path: at, references: [] });
  }

  private async within(value: unknown, at: Place): Promise<unknown> {
    if (typeof value === 'string') return /[$%]\{/.test(value) ? this.worth(await this.parse(value, at), at) : value;
    if (Array.isArray(value)) return Promise.all(value.map((item, index) => this.within(item, below(at, `[${index}]`))));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(async ([key, inner]) => [key, await this.within(inner, below(at, `.${key}`))] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  private async answer(given: Values) {
    const declared = this.json.variable ?? {};
    for (const name of Object.keys(given))
      if (!Object.hasOwn(declared, name)) throw new RefusedError(`var.${name}`, 'the template has no variable with this name');
    for (const [name, variable] of Object.entries(declared)) {
      const value = Object.hasOwn(given, name) ? given[name] : variable.default;
      if (value !== undefined) this.variables.set(name, value);
    }
    for (const [name, { validation }] of Object.entries(declared)) {
      if (!this.variables.has(name)) continue;
      for (const { condition, error_message } of validation ?? []) {
        if ((await this.evaluate(condition, `var.${name}`)) !== true) throw new RefusedError(`var.${name}`, error_message);
      }
    }
  }

  /** As a heredoc a text is read like a text of the JSON syntax: nothing is escaped in it but `$${` and `%%{`. */
  private parse(text: string, at: Place): Promise<Node> {
    const known = this.parsed.get(text);
    if (known) return known;
    if (text.includes(END)) throw new RefusedError(at.path, `a text must not contain ${END}`);
    const parsing = (getExpressionAst('template.tf', `<<${END}\n${text}\n${END}\n`) as Promise<Node>).catch((error: Error) => {
      throw new RefusedError(at.path, `Terraform could not read it: ${error.message.split('\n')[0]}`);
    });
    this.parsed.set(text, parsing);
    return parsing;
  }

  /** What a whole text is worth: a text, or whatever its only expression is worth. */
  private async worth(template: Node, at: Place): Promise<unknown> {
    const parts = template.children;
    const last = parts.at(-1)!;
    const text = last.type === 'literalValue' ? String(last.meta.value).replace(/\n$/, '') : undefined;
    if (parts.length === 2 && text === '' && parts[0]!.type !== 'literalValue') return this.value(parts[0]!, at);
    const values = await Promise.all(parts.map((part) => (part === last && text !== undefined ? text : this.value(part, at))));
    return values
      .map((value) => asText(value, at))
      .join('')
      .replaceAll('$${', '${')
      .replaceAll('%%{', '%{');
  }

  private async value(node: Node, at: Place): Promise<unknown> {
    const { type, meta, children } = node;
    switch (type) {
      case 'literalValue':
        return literal(meta, at);
      case 'template':
        return (await this.texts(children, at)).join('');
      case 'templateWrap':
      case '':
        return this.value(children[0]!, at);
      case 'tuple':
        return this.values(children, at);
      case 'scopeTraversal':
        return this.reference(meta.traversal!, at);
      case 'binaryOp':
        if (meta.operator === 'lessThan') {
          const [left, right] = await this.values(children, at);
          return Number(left) < Number(right);
        }
        throw new RefusedError(at.path, `the operator ${meta.operator} is not emulated`);
      case 'function':
        return this.call(node, at);
      default:
        throw new RefusedError(at.path, `an expression of type ${type} is not emulated`);
    }
  }

  /** The parts of a quoted text. The parser leaves its escapes as they stand. */
  private texts(nodes: readonly Node[], at: Place): Promise<string[]> {
    return Promise.all(
      nodes.map(async (node) => {
        const text = asText(await this.value(node, at), at);
        return node.type === 'literalValue' ? withoutEscapes(text) : text;
      }),
    );
  }

  private values(nodes: readonly Node[], at: Place): Promise<unknown[]> {
    return Promise.all(nodes.map((node) => this.value(node, at)));
  }

  private async call({ meta, children }: Node, at: Place): Promise<unknown> {
    const name = String(meta.name);
    if (name === 'can') {
      return this.value(children[0]!, at).then(
        () => true,
        (error: unknown) => {
          if (error instanceof NoMatch) return false;
          throw error;
        },
      );
    }
    if (!Object.hasOwn(FUNCTIONS, name)) throw new RefusedError(at.path, `the function ${name} is not emulated`);
    return FUNCTIONS[name]!(...(await this.values(children, at)));
  }

  private async reference(traversal: readonly Segment[], at: Place): Promise<unknown> {
    const [root, ...rest] = traversal.map(({ segment, type }) => (type === 'indexTraversal' ? Number(segment) : segment));
    const whole = traversal
      .map(({ segment, type }, index) => (type === 'indexTraversal' ? `[${segment}]` : `${index ? '.' : ''}${segment}`))
      .join('');
    if (root === 'var') {
      const [name, ...inner] = rest;
      if (!Object.hasOwn(this.json.variable ?? {}, String(name))) throw new RefusedError(at.path, `there is no variable ${String(name)}`);
      if (!this.variables.has(String(name))) throw new RefusedError(`var.${name}`, 'it has no default and no value');
      return walk(this.variables.get(String(name)), inner);
    }
    const [kind, type, name, ...attribute] = root === 'data' ? ['data', ...rest] : ['resource', root, ...rest];
    const prefix = kind === 'data' ? 'data.' : '';
    const resource = this.resources(`${prefix}${type}`).find((one) => one.name === name);
    if (!resource) throw new RefusedError(at.path, `there is no ${whole} in the template`);
    if (resource.meta.for_each !== undefined || resource.meta.count !== undefined)
      throw new RefusedError(at.path, `${whole} is several resources`);
    const set = walk(resource.properties, attribute);
    if (set !== undefined) {
      if (at.references.includes(whole)) throw new RefusedError(at.path, `${whole} refers to itself`);
      return this.within(set, { path: `${resource.path}.${attributeName(attribute)}`, references: [...at.references, whole] });
    }
    const value = this.computed(resource, attributeName(attribute));
    if (value === undefined) throw new RefusedError(at.path, `the local run does not know the value of ${whole}`);
    return value;
  }
}

/** Where an expression stands, and which references led there. */
interface Place {
  readonly path: string;
  readonly references: readonly string[];
}

function below({ path: parent, references }: Place, step: string): Place {
  return { path: `${parent}${step}`, references };
}

/** A node of the tree that HashiCorp's parser makes of an expression. */
interface Node {
  readonly type: string;
  readonly children: readonly Node[];
  readonly meta: {
    readonly value: unknown;
    readonly type?: string;
    readonly name?: string;
    readonly operator?: string;
    readonly traversal?: readonly Segment[];
  };
}

interface Segment {
  readonly type: string;
  readonly segment: string;
}

function listed(section: TerraformJson['resource'], prefix: string): TerraformResource[] {
  return Object.entries(section ?? {}).flatMap(([type, named]) =>
    Object.entries(named).map(([name, body]) => {
      const entries = Object.entries(body).filter(([key]) => key !== '//');
      return {
        type: `${prefix}${type}`,
        name,
        path: `${prefix}${type}.${name}`,
        properties: Object.fromEntries(entries.filter(([key]) => !META.includes(key))),
        meta: Object.fromEntries(entries.filter(([key]) => META.includes(key))),
      };
    }),
  );
}

/** A block that stands once is an object in the template, and a list of one in a reference. */
function walk(value: unknown, steps: readonly (string | number | undefined)[]): unknown {
  return steps.reduce((inner: unknown, step) => {
    if (step === 0 && !Array.isArray(inner)) return inner;
    return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, step!)
      ? (inner as Record<string, unknown>)[step!]
      : undefined;
  }, value);
}

function attributeName(steps: readonly (string | number | undefined)[]): string {
  return steps.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index ? '.' : ''}${step}`)).join('');
}

function literal({ type, value }: Node['meta'], at: Place): unknown {
  if (type === 'string') return value;
  if (type === 'number') return Number(value);
  if (type === 'bool') return String(value) === 'true';
  throw new RefusedError(at.path, `a literal of type ${type} is not emulated`);
}

function asText(value: unknown, at: Place): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new RefusedError(at.path, 'a list or an object cannot be a part of a text');
}

function withoutEscapes(text: string): string {
  const named: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code, character) =>
    code ? String.fromCharCode(Number.parseInt(code, 16)) : (named[character] ?? character),
  );
}
