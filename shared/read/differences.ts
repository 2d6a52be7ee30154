/** One change of a setting, and the resources that have it. */
export interface Difference {
  /** The setting with both values: `DeletionPolicy: Delete -> Retain`. */
  readonly what: string;
  /** The ids of the resources in the template. */
  readonly where: readonly string[];
}

/** Parts of a template, by id: resources, variables, settings of the stack. */
export type Parts = Readonly<Record<string, unknown>>;

/**
 * The differences between two templates, setting by setting. Equal changes of several resources are one entry.
 * @param from the parts of the first template; the ids of both must match
 */
export function differences(from: Parts, to: Parts): Difference[] {
  const found = new Map<string, string[]>();
  for (const id of [...new Set([...Object.keys(from), ...Object.keys(to)])].sort()) {
    for (const what of id in from && id in to ? changes(from[id], to[id], '') : [id in to ? 'added' : 'removed']) {
      found.set(what, [...(found.get(what) ?? []), id]);
    }
  }
  return [...found].map(([what, where]) => ({ what, where }));
}

function changes(from: unknown, to: unknown, path: string): string[] {
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  if (Array.isArray(from) && Array.isArray(to)) return changesOfList(from, to, path);
  if (!isObject(from) || !isObject(to)) return [`${path}: ${shown(from)} -> ${shown(to)}`];
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return names.flatMap((name) => changes(from[name], to[name], path === '' ? name : `${path}.${name}`));
}

/** Lists of the same length are compared item by item. Of other lists, items that only one of them has are returned. */
function changesOfList(from: readonly unknown[], to: readonly unknown[], path: string): string[] {
  if (from.length === to.length) return from.flatMap((value, index) => changes(value, to[index], `${path}.${index}`));
  const only = (these: readonly unknown[], those: readonly unknown[]) => {
    const known = new Set(those.map((value) => JSON.stringify(value)));
    return these.filter((value) => !known.has(JSON.stringify(value)));
  };
  return [
    ...only(from, to).map((value) => `${path}: ${shown(value)} -> not in the list`),
    ...only(to, from).map((value) => `${path}: not in the list -> ${shown(value)}`),
  ];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (value === undefined) return 'not set';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
