/** A value in a template: JSON with references of CloudFormation or Terraform. */
export type Value = string | number | boolean | null | undefined | readonly Value[] | Body;
export interface Body {
  readonly [key: string]: Value;
}

/** A resource of a CloudFormation or Terraform template, with access to its settings. */
export interface Asked {
  /** Its name in the template: a logical id, or an address such as `google_pubsub_topic.Buffer_Topic`. */
  readonly id: string;
  /** Its type. The type of a Terraform data source starts with `data.`. */
  readonly type: string;
  /** Its stage, such as `Buffer`, or the name of another construct at the top of its stack. */
  readonly stage: string;
  /** Its readable name: `Buffer dead letter`. */
  readonly name: string;
  /** Its settings. */
  readonly body: Body;
  /** Whether it is retained when its stack is deleted and when it is replaced: `Retain` on AWS, `prevent_destroy` in Terraform. */
  readonly retained: boolean;
  /** The values of a setting such as `LifecycleConfiguration.Rules.Status`: one for each element of the lists in the path. */
  get(setting: string): readonly Value[];
  /** The resources that a setting refers to, or, without a setting, that the whole resource refers to. Each once. */
  refers(setting?: string): readonly Asked[];
  /** The ids of all resources that are created before it. */
  before(): ReadonlySet<string>;
}

/** A template, with access to its resources. */
export interface Stack {
  readonly all: readonly Asked[];
  of(...types: readonly string[]): readonly Asked[];
  get(id: string): Asked | undefined;
}

/** The value of a setting. `undefined` if there are several values or none. */
export function only(resource: Asked, setting: string): Value {
  const [value, ...others] = resource.get(setting);
  return others.length === 0 ? value : undefined;
}

/** Whether a setting has exactly this value. */
export function is(resource: Asked, setting: string, ...wanted: readonly Value[]): boolean {
  const value = only(resource, setting);
  return value !== undefined && wanted.includes(value);
}

/** The value of a setting as a number, such as `604800s`; else `NaN`. */
export function amount(resource: Asked, setting: string): number {
  const value = only(resource, setting);
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+s?$/.test(value) ? Number.parseInt(value, 10) : Number.NaN;
}

/** Whether a setting refers to a resource. */
export function names(resource: Asked, setting: string, other: Asked | undefined): boolean {
  return other !== undefined && resource.refers(setting).some(({ id }) => id === other.id);
}

/** Everything that is reachable from a start, including the start. */
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

/** The values at a path, one for each element of the lists in the path and at its end. */
export function valuesAt(body: Value, path: string): Value[] {
  const found = stepsOf(path).reduce<Value[]>((values, key) => values.flatMap((value) => within(value, key)), elements(body));
  return found.flatMap(elements);
}

/** The keys of a path. A dot within a key is escaped with a backslash: `Parameters.rds\\.force_ssl`. */
export function stepsOf(path: string): readonly string[] {
  const known = steps.get(path);
  if (known) return known;
  const found = path.split(/(?<!\\)\./).map((key) => key.replaceAll('\\.', '.'));
  steps.set(path, found);
  return found;
}

/** The keys of each path: facts ask for the same paths of every resource. */
const steps = new Map<string, readonly string[]>();

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
