import { words } from './picture';
import { type Asked, type Body, reached, type Stack, type Value, valuesAt } from './stack';

export type { Body, Value };

/** The parts of a synthesized stack that are read here. */
export interface TerraformJson {
  readonly resource?: Readonly<Record<string, Readonly<Record<string, Body>>>>;
  readonly data?: Readonly<Record<string, Readonly<Record<string, Body>>>>;
  readonly variable?: Readonly<Record<string, Body>>;
  readonly output?: Readonly<Record<string, Body>>;
}

export interface TfResource {
  readonly type: string;
  /** `type.name`, as in references. */
  readonly address: string;
  /** Its path in the tree of constructs, without the stack. */
  readonly path: readonly string[];
  readonly body: Body;
}

/** Finds the resources of a stack by references. */
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

  /** The readable name of the resource that a value refers to. */
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

/** The reference that a value is, or its text: a reference is a part of some names. */
export function variableOf(value: Value): string {
  const text = String(value ?? '');
  return /^\$\{[^}]*\}-/.test(text) ? text : (references(value)[0] ?? text);
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

/** In the JSON, a block is an object or a list of one object. */
export function one(value: Value): Value {
  return Array.isArray(value) ? value[0] : value;
}

export function list(value: Value): readonly Value[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}

/** A Terraform stack: its resources and data sources. */
export class TfStack implements Stack {
  readonly all: readonly TfAsked[];
  private readonly byId: ReadonlyMap<string, TfAsked>;

  constructor(readonly json: TerraformJson) {
    const { resource = {}, data = {} } = json;
    this.all = [...listed(resource, ''), ...listed(data, 'data.')].map(([type, id, body]) => new TfAsked(id, type, body, this));
    this.byId = new Map(this.all.map((one) => [one.id, one]));
  }

  of(...types: readonly string[]): TfAsked[] {
    return this.all.filter(({ type }) => types.includes(type));
  }

  get(id: string | undefined): TfAsked | undefined {
    return id === undefined ? undefined : this.byId.get(id);
  }
}

/** A resource or a data source of Terraform. References are in strings, as `${type.name.attribute}`. */
export class TfAsked implements Asked {
  readonly body: Body;
  /** Its path in the tree of constructs, without the stack. */
  readonly path: readonly string[];
  private references?: readonly string[];
  private readonly referred = new Map<string | undefined, readonly TfAsked[]>();

  constructor(
    readonly id: string,
    readonly type: string,
    private readonly whole: Body,
    private readonly stack: TfStack,
  ) {
    const { '//': _, ...body } = whole;
    this.body = body;
    this.path = pathOf(whole);
  }

  get stage(): string {
    return stageOf(this.path);
  }

  get name(): string {
    return nameOf({ type: this.type, address: this.id, path: this.path, body: this.body });
  }

  get retained(): boolean {
    return valuesAt(this.body, 'lifecycle.prevent_destroy').includes(true) || this.body.deletion_protection === true;
  }

  /** The accepted findings, each with the reason in its construct. */
  get acknowledged(): readonly Body[] {
    return list((this.whole['//'] as Body | undefined)?.acknowledged) as readonly Body[];
  }

  get(setting: string): readonly Value[] {
    return valuesAt(this.body, setting);
  }

  refers(setting?: string): readonly TfAsked[] {
    const known = this.referred.get(setting);
    if (known) return known;
    const values: readonly Value[] = setting === undefined ? [this.body] : this.get(setting);
    const ids = new Set(values.flatMap(addressesIn));
    const found = [...ids].flatMap((id) => this.stack.get(id) ?? []);
    this.referred.set(setting, found);
    return found;
  }

  before(): ReadonlySet<string> {
    return reached(this.direct, (id) => this.stack.get(id)?.direct ?? []);
  }

  private get direct(): readonly string[] {
    const { depends_on, ...rest } = this.body;
    this.references ??= [...list(depends_on).map(String), ...addressesIn(rest)];
    return this.references;
  }
}

/** Each resource and data source that a value refers to. */
function addressesIn(value: Value): string[] {
  if (typeof value === 'string') {
    if (!value.includes('{')) return [];
    return [...value.matchAll(/[$%]\{([^}]*)\}/g)].flatMap(([, expression]) => expression!.match(/\b(?:data\.)?[a-z]\w*\.[\w-]+/g) ?? []);
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(addressesIn) : [];
}

function listed(section: NonNullable<TerraformJson['resource']>, prefix: string): [string, string, Body][] {
  return Object.entries(section).flatMap(([type, named]) =>
    Object.entries(named).map(([name, body]): [string, string, Body] => [`${prefix}${type}`, `${prefix}${type}.${name}`, body]),
  );
}
