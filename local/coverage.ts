import type { NotRun, Treatments } from '../shared/read/facts/local';
import type { TypeFacts } from '../shared/read/facts/types';
import type { Body } from '../shared/read/stack';

export type { Treatments };

/** How the local run treats a property of the template. */
export type Treatment = 'emulated' | 'no effect here' | 'refused' | 'not run here';

/** One property of one resource, and how it is treated. */
export interface CoverageRow {
  /** The type in the template's language. */
  readonly type: string;
  /** The name of the resource in the template. */
  readonly resource: string;
  /** The path of the property, such as `DestinationConfig.OnFailure.Destination`; empty for the resource itself. */
  readonly property: string;
  readonly treatment: Treatment;
  /** Why it is refused, or not run. */
  readonly why?: string;
}

/** The treatment of every resource and every property. */
export type Coverage = readonly CoverageRow[];

/** The property is not in the facts of its service. */
export const UNKNOWN = 'it is not classified. Add it to `local` in facts.ts of its service.';

/** How a type is treated. A function decides by the properties of a resource. */
type OfType = TypeFacts['local'] | NotRun;

/** The known properties, by the type of resource. A type that is not in the list is refused. */
export type AllowList = Readonly<Record<string, OfType>>;

/** Whether the type has emulated properties, so that it needs an emulator. */
export function isEmulated(treatment: AllowList[string] | undefined): treatment is Treatments {
  return typeof treatment === 'object' && !isNotRun(treatment);
}

function isNotRun(treatment: AllowList[string]): treatment is NotRun {
  return typeof treatment === 'object' && 'notRun' in treatment;
}

/** Classify the properties of one resource: one entry for each leaf of the template, or for the classified branch above it. */
export function classify(list: AllowList, type: string, resource: string, properties: Readonly<Record<string, unknown>>): CoverageRow[] {
  const listed = list[type];
  const treatments = typeof listed === 'function' ? listed(properties as Body) : listed;
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
    if (typeof treatment === 'object') {
      add(row(path, 'not run here', treatment.notRun));
    } else if (typeof treatment === 'function') {
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
