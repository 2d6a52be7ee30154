import { RefusedError } from '../platform';

/** A CloudFormation template, as far as it is read here. */
export interface Template {
  readonly Resources?: Readonly<Record<string, TemplateResource>>;
  readonly Parameters?: Readonly<Record<string, { readonly Type: string; readonly Default?: unknown }>>;
  readonly [section: string]: unknown;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly [attribute: string]: unknown;
}

export const ACCOUNT = '000000000000';
export const REGION = 'eu-west-1';

/** The pseudo parameters of an account that nobody has. */
export const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** What a resource became: its `Ref`, and what `Fn::GetAtt` says of it. */
export interface Physical {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Gives values of a template the meaning that CloudFormation gives them, and refuses what it does not know. */
export class Resolver {
  private readonly made = new Map<string, Physical>();

  constructor(private readonly template: Template) {}

  /** Say what a resource became. Before that, whoever refers to it is refused. */
  created(logicalId: string, physical: Physical) {
    this.made.set(logicalId, physical);
  }

  protected physical(logicalId: string): Physical | undefined {
    return this.made.get(logicalId);
  }

  /**
   * The value with every function in it resolved.
   * @param path where the value stands in the template
   * @throws RefusedError on whatever is not known for certain
   */
  resolve(value: unknown, path: string): unknown {
    if (Array.isArray(value)) return value.map((item, index) => this.resolve(item, `${path}[${index}]`));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name, argument] = entries[0] ?? [''];
    if (name !== 'Ref' && !name.startsWith('Fn::')) {
      return Object.fromEntries(entries.map(([key, inner]) => [key, this.resolve(inner, `${path}.${key}`)]));
    }
    const within = `${path}.${name}`;
    if (entries.length > 1) throw new RefusedError(within, 'a function must be the only key of its object. Correct the template.');
    switch (name) {
      case 'Ref':
        return this.ref(this.literal(argument, within), within);
      case 'Fn::GetAtt':
        return this.attribute(argument, within);
      case 'Fn::Join':
        return this.join(argument, within);
      case 'Fn::Sub':
        return this.substitute(argument, within);
      case 'Fn::Select':
        return this.select(argument, within);
      case 'Fn::Split':
        return this.split(argument, within);
      default:
        throw new RefusedError(
          within,
          `the local run does not support ${name}. Write the value without it, or add it to cloudformation.ts.`,
        );
    }
  }

  /** Like `resolve`, for a value that must be a text. Numbers count as texts, as in CloudFormation. */
  text(value: unknown, path: string): string {
    const resolved = this.resolve(value, path);
    if (typeof resolved === 'string') return resolved;
    if (typeof resolved === 'number' || typeof resolved === 'boolean') return String(resolved);
    throw new RefusedError(path, `it must be a text, got ${JSON.stringify(resolved) ?? 'nothing'}.`);
  }

  private ref(name: string, path: string): unknown {
    const pseudo = PSEUDO[name];
    if (pseudo !== undefined) return pseudo;
    const made = this.made.get(name);
    if (made) return made.ref;
    const parameter = this.template.Parameters?.[name];
    if (!parameter) throw new RefusedError(path, `${name} has no value here. The local run does not emulate this resource.`);
    if (parameter.Type.startsWith('AWS::'))
      throw new RefusedError(path, `the parameter ${name} is read from an account, and the local run has none.`);
    if (parameter.Default === undefined) throw new RefusedError(path, `the parameter ${name} has no default.`);
    return parameter.Default;
  }

  private attribute(argument: unknown, path: string): string {
    const [logicalId, attribute] =
      typeof argument === 'string'
        ? [argument.slice(0, argument.indexOf('.')), argument.slice(argument.indexOf('.') + 1)]
        : this.list(argument, path, 2).map((item) => this.literal(item, path));
    const value = this.made.get(logicalId!)?.attributes?.[attribute!];
    if (value === undefined)
      throw new RefusedError(path, `${logicalId}.${attribute} has no value here. The local run does not emulate this attribute.`);
    return value;
  }

  private join(argument: unknown, path: string): string {
    const [delimiter, parts] = this.list(argument, path, 2);
    const texts = this.list(this.resolve(parts, path), path);
    return texts.map((part) => this.text(part, path)).join(this.literal(delimiter, path));
  }

  private substitute(argument: unknown, path: string): string {
    const [template, given = {}] = typeof argument === 'string' ? [argument] : this.list(argument, path, 2);
    const variables = given as Readonly<Record<string, unknown>>;
    return this.literal(template, path).replace(/\$\{([^}]*)\}/g, (_, inner: string) => {
      if (inner.startsWith('!')) return `\${${inner.slice(1)}}`;
      if (Object.hasOwn(variables, inner)) return this.text(variables[inner], `${path}.${inner}`);
      return inner.includes('.') ? this.attribute(inner, path) : this.text(this.ref(inner, path), path);
    });
  }

  private select(argument: unknown, path: string): unknown {
    const [index, from] = this.list(argument, path, 2);
    const items = this.list(this.resolve(from, path), path);
    const place = Number(this.text(index, path));
    if (!Number.isInteger(place) || !(place in items)) throw new RefusedError(path, `there is no item ${place} among ${items.length}.`);
    return items[place];
  }

  private split(argument: unknown, path: string): string[] {
    const [delimiter, text] = this.list(argument, path, 2);
    return this.text(text, path).split(this.literal(delimiter, path));
  }

  private list(value: unknown, path: string, length?: number): readonly unknown[] {
    if (Array.isArray(value) && (length === undefined || value.length === length)) return value;
    throw new RefusedError(
      path,
      `it must be a list${length === undefined ? '' : ` of ${length}`}, got ${JSON.stringify(value) ?? 'nothing'}.`,
    );
  }

  private literal(value: unknown, path: string): string {
    if (typeof value === 'string') return value;
    throw new RefusedError(path, `it must be a literal value, got ${JSON.stringify(value) ?? 'nothing'}.`);
  }
}
