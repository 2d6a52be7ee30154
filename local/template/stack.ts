import { RefusedError } from '../platform';
import { Resolver, type Template } from './cloudformation';

/** One resource of a template. */
export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A template whose resources can be asked for what they say. */
export class Stack extends Resolver {
  constructor(
    readonly name: string,
    private readonly source: Template,
  ) {
    super(source);
  }

  all(type: string): readonly Resource[] {
    return Object.entries(this.source.Resources ?? {})
      .filter(([, { Type }]) => Type === type)
      .map(([id, { Properties = {} }]) => ({ id, type, properties: Properties }));
  }

  /** @throws RefusedError unless there is exactly one resource of a type */
  one(type: string): Resource {
    const [found, ...others] = this.all(type);
    if (found && others.length === 0) return found;
    const got = [found, ...others].flatMap((resource) => (resource ? [resource.id] : []));
    throw new RefusedError(
      type,
      `there must be exactly one, got ${got.length > 0 ? got.join(' and ') : 'none'}. One pipeline runs at a time.`,
    );
  }

  /** The resource that another one refers to. */
  named(type: string, ref: string, path: string): Resource {
    const found = this.all(type).find(({ id }) => this.physical(id)?.ref === ref);
    if (!found) throw new RefusedError(path, `it does not refer to a ${type} of this stack, got ${ref}.`);
    return found;
  }

  /** What a property says, resolved. A property of a property is named with a dot between. */
  value({ id, properties }: Resource, property: string): unknown {
    const raw = property.split('.').reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), properties);
    return this.resolve(raw, `${id}.${property}`);
  }

  string(resource: Resource, property: string): string {
    return this.text(this.value(resource, property), `${resource.id}.${property}`);
  }

  /** A text that must be one of a few. */
  oneOf(resource: Resource, property: string, known: readonly string[]): string {
    const got = this.string(resource, property);
    if (known.includes(got)) return got;
    throw new RefusedError(`${resource.id}.${property}`, `it must be ${known.join(' or ') || 'left out'}, got ${got}.`);
  }

  /** A whole number, or `otherwise` where the template says nothing. */
  number(resource: Resource, property: string, otherwise?: number): number {
    const value = this.value(resource, property) ?? otherwise;
    const number = typeof value === 'string' && value !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number)) return number;
    throw new RefusedError(`${resource.id}.${property}`, `it must be a whole number, got ${JSON.stringify(value) ?? 'nothing'}.`);
  }

  record(resource: Resource, property: string): Readonly<Record<string, unknown>> {
    const value = this.value(resource, property) ?? {};
    if (isRecord(value)) return value;
    throw new RefusedError(`${resource.id}.${property}`, `it must be an object, got ${JSON.stringify(value)}.`);
  }

  texts(resource: Resource, property: string): Readonly<Record<string, string>> {
    const entries = Object.entries(this.record(resource, property));
    return Object.fromEntries(entries.map(([name, value]) => [name, this.text(value, `${resource.id}.${property}.${name}`)]));
  }

  records(resource: Resource, property: string): readonly Readonly<Record<string, unknown>>[] {
    const value = this.value(resource, property) ?? [];
    if (Array.isArray(value) && value.every(isRecord)) return value;
    throw new RefusedError(`${resource.id}.${property}`, `it must be a list of objects, got ${JSON.stringify(value)}.`);
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
