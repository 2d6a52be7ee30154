/** A value in a template: JSON, with the references of CloudFormation or of Terraform among it. */
export type Value = string | number | boolean | null | undefined | readonly Value[] | Body;
export interface Body {
  readonly [key: string]: Value;
}

/** A resource of a template, whether of CloudFormation or of Terraform, that can be asked for its settings. */
export interface Asked {
  /** What it is called in the template: a logical id, or an address such as `google_pubsub_topic.Buffer_Topic`. */
  readonly id: string;
  /** Its type, with `data.` before that of a data source of Terraform. */
  readonly type: string;
  /** The stage it belongs to, such as `Buffer`, or whatever else stands at the top of its stack. */
  readonly stage: string;
  /** What a person calls it: the `Buffer dead letter`. */
  readonly name: string;
  /** What it is set to. */
  readonly body: Body;
  /** Whether it stays when its stack is deleted and when it is replaced: kept on AWS, or never destroyed by Terraform. */
  readonly retained: boolean;
  /** The values of a setting such as `LifecycleConfiguration.Rules.Status`: one for each element of the lists on the way. */
  get(setting: string): readonly Value[];
  /** The resources that a setting refers to, or that anything in it does where no setting is named, each once. */
  refers(setting?: string): readonly Asked[];
  /** Everything that is made before it, by id. */
  before(): ReadonlySet<string>;
}

/** A template that can be asked for its resources. */
export interface Stack {
  readonly all: readonly Asked[];
  of(...types: readonly string[]): readonly Asked[];
  get(id: string): Asked | undefined;
}

/** The one value of a setting. Several, or none, are `undefined`. */
export function only(resource: Asked, setting: string): Value {
  const [value, ...others] = resource.get(setting);
  return others.length === 0 ? value : undefined;
}

/** Whether a setting has one value, and this. */
export function is(resource: Asked, setting: string, ...wanted: readonly Value[]): boolean {
  const value = only(resource, setting);
  return value !== undefined && wanted.includes(value);
}

/** The one value of a setting as a number, such as that of `604800s`; else `NaN`. */
export function amount(resource: Asked, setting: string): number {
  const value = only(resource, setting);
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+s?$/.test(value) ? Number.parseInt(value, 10) : Number.NaN;
}

/** Whether a setting refers to a resource. */
export function names(resource: Asked, setting: string, other: Asked | undefined): boolean {
  return other !== undefined && resource.refers(setting).some(({ id }) => id === other.id);
}

/** Everything that is reached from a start, step by step, the start included. */
export function reached(start: readonly string[], next: (id: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [...start];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    waiting.push(...next(id));
  }
  return found;
}

/** The values at a path, one for each element of the lists on the way and at its end. */
export function valuesAt(body: Value, path: string): Value[] {
  const found = stepsOf(path).reduce<Value[]>((values, key) => values.flatMap((value) => within(value, key)), elements(body));
  return found.flatMap(elements);
}

/** The keys of a path. A dot that belongs to a key stands behind a backslash: `Parameters.rds\\.force_ssl`. */
export function stepsOf(path: string): string[] {
  return path.split(/(?<!\\)\./).map((key) => key.replaceAll('\\.', '.'));
}

function within(value: Value, key: string): Value[] {
  const inner = typeof value === 'object' && value !== null && !isList(value) ? value[key] : undefined;
  return inner === undefined ? [] : elements(inner);
}

function elements(value: Value): Value[] {
  return value === undefined ? [] : isList(value) ? value.flatMap(elements) : [value];
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
