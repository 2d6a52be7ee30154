import { RefusedError } from '../platform';
import type { Terraform, TerraformResource } from './terraform';

/** A resource of the template. What is asked for and is not there, or has no value here, is refused. */
export class Resource {
  private constructor(
    readonly path: string,
    private readonly values: Readonly<Record<string, unknown>>,
    private readonly refusals: ReadonlyMap<string, RefusedError>,
  ) {}

  /** All resources of a type. */
  static async all(terraform: Terraform, type: string): Promise<Resource[]> {
    return Promise.all(terraform.resources(type).map((resource) => Resource.read(terraform, resource)));
  }

  private static async read(terraform: Terraform, { path, properties }: TerraformResource): Promise<Resource> {
    const values: Record<string, unknown> = {};
    const refusals = new Map<string, RefusedError>();
    const read = async ([name, value]: [string, unknown]) => {
      try {
        values[name] = await terraform.evaluate(value, `${path}.${name}`);
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        refusals.set(name, error);
      }
    };
    await Promise.all(Object.entries(properties).map(read));
    return new Resource(path, values, refusals);
  }

  /** The value below a path such as `push_config.push_endpoint`; nothing where there is none. */
  optional(property: string): unknown {
    const names = property.split('.');
    const refusal = this.refusals.get(names[0]!);
    if (refusal) throw refusal;
    return names.reduce((inner: unknown, key) => {
      const block = Array.isArray(inner) && inner.length === 1 ? inner[0] : inner;
      return typeof block === 'object' && block !== null && Object.hasOwn(block, key) ? block[key as keyof typeof block] : undefined;
    }, this.values);
  }

  text(property: string): string {
    const value = this.optional(property);
    if (typeof value === 'string' && value !== '') return value;
    throw this.refused(property, 'a text', value);
  }

  number(property: string): number {
    const value = this.optional(property);
    if (typeof value === 'number') return value;
    throw this.refused(property, 'a number', value);
  }

  /** A value that `read` makes something of. */
  read(property: string, form: string, read: (value: unknown) => number | undefined): number {
    const value = read(this.optional(property));
    if (value !== undefined) return value;
    throw this.refused(property, form, this.optional(property));
  }

  private refused(property: string, must: string, got: unknown): RefusedError {
    return new RefusedError(`${this.path}.${property}`, `it must be ${must}, got ${got === undefined ? 'nothing' : JSON.stringify(got)}`);
  }
}

/** The only one there is. */
export function theOnly<Item>(found: readonly Item[], what: string): Item {
  if (found.length === 1) return found[0]!;
  throw new RefusedError(what, `exactly one is emulated, and the template has ${found.length}`);
}
