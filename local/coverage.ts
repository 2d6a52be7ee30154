/** What this runner does with a property of the template. */
export type Treatment = 'emulated' | 'no effect here' | 'refused' | 'not run here';

/** One property of one resource, and what becomes of it. */
export interface CoverageRow {
  /** The type in the template's language. */
  readonly type: string;
  /** What the resource is called in the template. */
  readonly resource: string;
  /** The property by its path, such as `DestinationConfig.OnFailure.Destination`; empty for the resource itself. */
  readonly property: string;
  readonly treatment: Treatment;
  /** Why it is refused, or not run. */
  readonly why?: string;
}

/** What the runner relies on, and what it leaves out: every resource and every property. */
export type Coverage = readonly CoverageRow[];

/** Nobody has classified it. */
export const UNKNOWN = 'nobody has classified it. Say in coverage.ts of its service what the runner does with it.';

/**
 * What is done with the properties of one type of resource, by their paths. A path covers what lies below it, so
 * that a property without an effect is written once; numbers of list places are left out of paths.
 *
 * A function is asked with the value, as it stands in the template: it returns why the value is refused, or nothing.
 */
export type Treatments = Readonly<Record<string, 'emulated' | 'no effect here' | ((value: unknown) => string | undefined)>>;

/** A type that nothing here stands in for, and why. */
export interface NotRun {
  readonly notRun: string;
}

/** The list of what is allowed, by the type of resource. A type that is not in it is refused. */
export type AllowList = Readonly<Record<string, Treatments | 'no effect here' | NotRun>>;

/** Whether the properties of a type are emulated one by one, so that something here must stand in for it. */
export function isEmulated(treatment: AllowList[string] | undefined): treatment is Treatments {
  return typeof treatment === 'object' && !isNotRun(treatment);
}

function isNotRun(treatment: AllowList[string]): treatment is NotRun {
  return typeof treatment === 'object' && 'notRun' in treatment;
}

/** Only these values are emulated. */
export function only(values: unknown, why?: string) {
  const allowed = [values].flat();
  return (value: unknown): string | undefined => {
    if (allowed.includes(value)) return undefined;
    const names = allowed.map((one) => JSON.stringify(one)).join(' or ');
    return `only ${names} is emulated here, got ${JSON.stringify(value)}${why ? `: ${why}` : ''}`;
  };
}

/** Only these keys of an object are emulated. */
export function onlyKeys(...keys: readonly string[]) {
  return (value: unknown): string | undefined => {
    const unknown = Object.keys(value as object).find((key) => !keys.includes(key));
    return unknown === undefined ? undefined : `only ${keys.join(' and ')} is emulated here, got ${unknown}`;
  };
}

/** Only numbers from one to another, since `what` takes no others. */
export function within(from: number, to: number, what: string) {
  return (value: unknown): string | undefined =>
    Number(value) >= from && Number(value) <= to ? undefined : `${what} takes ${from} to ${to}, got ${JSON.stringify(value)}`;
}

/** Classify each property of one resource: an entry for each leaf of the template, or for the classified branch above it. */
export function classify(list: AllowList, type: string, resource: string, properties: Readonly<Record<string, unknown>>): CoverageRow[] {
  const treatments = list[type];
  const row = (property: string, treatment: Treatment, why?: string): CoverageRow => ({ type, resource, property, treatment, why });
  if (treatments === undefined) return [row('', 'refused', UNKNOWN)];
  if (treatments === 'no effect here') return [row('', 'no effect here')];
  if (isNotRun(treatments)) return [row('', 'not run here', treatments.notRun)];

  const rows = new Map<string, CoverageRow>();
  const add = (found: CoverageRow) => {
    if (rows.get(found.property)?.treatment !== 'refused') rows.set(found.property, found);
  };
  const visit = (value: unknown, path: string) => {
    const treatment = path === '' ? undefined : Object.hasOwn(treatments, path) ? treatments[path] : undefined;
    if (typeof treatment === 'function') {
      const why = treatment(value);
      add(why === undefined ? row(path, 'emulated') : row(path, 'refused', why));
    } else if (treatment) {
      add(row(path, treatment));
    } else if (Array.isArray(value)) {
      for (const item of value) visit(item, path);
    } else if (typeof value === 'object' && value !== null && isBranch(treatments, path)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, path === '' ? key : `${path}.${key}`);
    } else {
      add(row(path, 'refused', UNKNOWN));
    }
  };
  visit(properties, '');
  return [row('', 'emulated'), ...rows.values()];
}

function isBranch(treatments: Treatments, path: string): boolean {
  return path === '' || Object.keys(treatments).some((known) => known.startsWith(`${path}.`));
}
