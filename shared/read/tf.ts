import { words } from './picture';

/** A value in Terraform's JSON. References stand in strings, as `${type.name.attribute}`. */
export type Value = string | number | boolean | null | undefined | readonly Value[] | { readonly [key: string]: Value };
export type Body = { readonly [key: string]: Value };

/** A synthesized stack, as far as it is read here. */
export interface TerraformJson {
  readonly resource?: Readonly<Record<string, Readonly<Record<string, Body>>>>;
  readonly variable?: Readonly<Record<string, Body>>;
  readonly output?: Readonly<Record<string, Body>>;
}

export interface TfResource {
  readonly type: string;
  /** `type.name`: how others refer to it. */
  readonly address: string;
  /** Its path in the tree of constructs, without the stack. */
  readonly path: readonly string[];
  readonly body: Body;
}

/** The resources of a stack, found by what refers to them. */
export class Resources {
  readonly all: readonly TfResource[];

  constructor({ resource = {} }: TerraformJson) {
    this.all = Object.entries(resource).flatMap(([type, named]) =>
      Object.entries(named).map(([name, body]) => ({ type, address: `${type}.${name}`, path: pathOf(body), body })),
    );
  }

  /** The first resource that a value refers to. */
  find(value: Value): TfResource | undefined {
    return references(value)
      .map((address) => this.get(address))
      .find((resource) => resource !== undefined);
  }

  /** The resource of an address. */
  get(address: string): TfResource | undefined {
    return this.all.find((resource) => resource.address === address);
  }

  of(type: string): TfResource[] {
    return this.all.filter((resource) => resource.type === type);
  }

  /** What a person calls the resource that a value refers to. */
  name(value: Value): string {
    const found = this.find(value);
    return found ? nameOf(found) : variableOf(value);
  }
}

/** Each `type.name` that a value refers to. */
export function references(value: Value): string[] {
  if (typeof value === 'string') {
    return [...value.matchAll(/\$\{([^}]*)\}/g)].flatMap(([, expression]) => expression!.match(/\b[a-z][\w]*\.[\w-]+/g) ?? []);
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(references) : [];
}

export function variableOf(value: Value): string {
  return references(value)[0] ?? String(value ?? '');
}

export function pathOf(body: Body): readonly string[] {
  const path = ((body['//'] as Body | undefined)?.metadata as Body | undefined)?.path;
  return String(path ?? '')
    .split('/')
    .slice(1);
}

export function stageOf(path: readonly string[]): string {
  return path[0] ?? 'Stack';
}

/** `Buffer/DeadLetter` is the `Buffer dead letter`. */
export function nameOf({ path }: TfResource): string {
  return [path[0], ...path.slice(1).map(words)].join(' ');
}

/** A block stands in the JSON as itself or as a list of one. */
export function one(value: Value): Value {
  return Array.isArray(value) ? value[0] : value;
}

export function list(value: Value): readonly Value[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}
