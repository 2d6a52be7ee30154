import { type CfnResource, type CfnTemplate, isList, list, name, type Properties, refOf, type Value } from '../../../shared/read/cfn';
import type { Finding } from '../judge';

/** What must be so of each resource of some types. */
export interface Rule {
  readonly id: string;
  /** The types that it concerns. */
  readonly types: readonly string[];
  /** What must be so, after "must". */
  readonly must: string;
  holds(resource: Asked, template: Template): boolean;
}

/** A resource that can be asked for its settings. */
export interface Asked extends CfnResource {
  readonly id: string;
  /** The values of a property such as `LifecycleConfiguration.Rules.Status`: one for each element of the lists on the way. */
  get(property: string): readonly Value[];
}

/** A template that can be asked for its resources. */
export class Template {
  readonly all: readonly Asked[];

  constructor({ Resources }: CfnTemplate) {
    this.all = Object.entries(Resources).map(([id, resource]) => ({
      ...resource,
      id,
      get: (property) => valuesOf(resource.Properties, property),
    }));
  }

  of(...types: string[]): Asked[] {
    return this.all.filter(({ Type }) => types.includes(Type));
  }

  /** The resource that a value refers to. */
  find(value: Value): Asked | undefined {
    return this.all.find(({ id }) => id === refOf(value));
  }
}

/** The rules, held against a template: how often one of them concerned a resource, and what broke it. */
export function hold(rules: readonly Rule[], template: CfnTemplate): { held: number; findings: Finding[] } {
  const asked = new Template(template);
  const concerned = rules.flatMap((rule) => asked.of(...rule.types).map((resource) => ({ rule, resource })));
  const broken = concerned.filter(({ rule, resource }) => !rule.holds(resource, asked));
  return {
    held: concerned.length,
    findings: broken.map(({ rule: { id, must }, resource }) => ({ rule: id, where: name(resource.id), what: `It must ${must}.` })),
  };
}

/** Whether a property has one value, and this. */
export function is(resource: Asked, property: string, ...wanted: readonly Value[]): boolean {
  const values = resource.get(property);
  return values.length === 1 && wanted.includes(values[0]);
}

/** The one value of a property, as a number. */
export function amount(resource: Asked, property: string): number {
  const [value, ...others] = resource.get(property);
  return others.length === 0 && typeof value === 'number' ? value : Number.NaN;
}

function valuesOf(properties: Properties | undefined, property: string): Value[] {
  const found = property
    .split('.')
    .reduce<Value[]>((values, key) => values.flatMap((value) => elements(value)).flatMap((one) => present(one, key)), [properties ?? {}]);
  return found.flatMap(elements);
}

function elements(value: Value): readonly Value[] {
  return isList(value) ? value : list(value);
}

function present(value: Value, key: string): Value[] {
  const inner = typeof value === 'object' && !isList(value) ? value[key] : undefined;
  return inner === undefined ? [] : [inner];
}
