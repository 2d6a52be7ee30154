import { type Asked, stepsOf } from '../stack';

/** JSON that may be changed. */
export type Json = null | boolean | number | string | Json[] | Holder;
export interface Holder {
  [key: string]: Json;
}

/** A change that makes a template less secure or less reliable. It gets the id of the resource to weaken. */
export type Edit = (draft: Draft, resource: Asked) => void;

/** A template that is being changed: the bodies of its resources, by id. */
export interface Draft {
  readonly resources: Map<string, { readonly type: string; readonly body: Holder }>;
  /** A pattern for ids, because ids of resources end in a hash of their path. */
  id(type: string, start?: string): string;
  /** A reference to a resource, or to an attribute of it, in the language of the template. */
  reference(id: string, attribute?: string): Json;
}

/** Which resources to change: the one that is weakened, or those that fit. */
export type Which = (resource: Asked, draft: Draft) => readonly string[];

/** The resource itself. */
export const itself: Which = ({ id }) => [id];

/** Every resource of a type whose id starts so. */
export function every(type: string, start = ''): Which {
  return (_, draft) => [...draft.resources].filter(([id, one]) => one.type === type && nameOf(id).startsWith(start)).map(([id]) => id);
}

/**
 * Set a value, or remove it if no value is given. A path such as `Rules.0.Status` has indexes of lists. A path that starts with a
 * slash is outside of the properties of CloudFormation: `/DeletionPolicy`.
 */
export function set(path: string, value?: Json | ((draft: Draft) => Json), which: Which = itself): Edit {
  return (draft, resource) => {
    for (const body of bodies(draft, resource, which)) {
      const steps = pathIn(body, path);
      const last = steps.pop()!;
      const holder = steps.reduce<Json>((at, step) => {
        (at as Holder)[step] ??= {};
        return (at as Holder)[step]!;
      }, body) as Holder;
      if (value === undefined) delete holder[last];
      else holder[last] = typeof value === 'function' ? value(draft) : structuredClone(value);
    }
  };
}

/** Remove resources. */
export function remove(which: Which = itself): Edit {
  return (draft, resource) => {
    const ids = which(resource, draft);
    if (ids.length === 0) throw new Error(`There is nothing to take out beside ${resource.id}.`);
    for (const id of ids) draft.resources.delete(id);
  };
}

/** Add a resource. Its body has the properties of CloudFormation, or the arguments of Terraform. */
export function add(type: string, body: (draft: Draft, resource: Asked) => Holder): Edit {
  return (draft, resource) => {
    const id = type.includes('::') ? 'Extra' : `${type}.Extra`;
    draft.resources.set(id, { type, body: type.includes('::') ? { Properties: body(draft, resource) } : body(draft, resource) });
  };
}

/** Keep some elements of a list. */
export function filter(path: string, keep: (one: Json) => boolean, which: Which = itself): Edit {
  return (draft, resource) => {
    for (const body of bodies(draft, resource, which)) {
      const list = pathIn(body, path).reduce<Json>((at, step) => (at as Holder)[step]!, body) as Json[];
      list.splice(0, list.length, ...list.filter(keep));
    }
  };
}

/** Replace a text anywhere in the resource. @throws Error if the resource does not contain it, because then nothing is weakened */
export function replace(from: string | RegExp, to: string | ((draft: Draft) => string), which: Which = itself): Edit {
  return (draft, resource) => {
    for (const body of bodies(draft, resource, which)) {
      const before = JSON.stringify(body);
      const after = before.replace(from, () => (typeof to === 'function' ? to(draft) : to));
      if (after === before) throw new Error(`${resource.id} holds no ${from} to replace.`);
      for (const key of Object.keys(body)) delete body[key];
      Object.assign(body, JSON.parse(after));
    }
  };
}

/** One change after the other. */
export function both(...edits: readonly Edit[]): Edit {
  return (draft, resource) => {
    for (const edit of edits) edit(draft, resource);
  };
}

function bodies(draft: Draft, resource: Asked, which: Which): Holder[] {
  const ids = which(resource, draft);
  const found = ids.map((id) => draft.resources.get(id)?.body).filter((body) => body !== undefined);
  if (found.length === 0) throw new Error(`There is nothing to weaken beside ${resource.id}.`);
  return found;
}

/** CloudFormation keeps what a resource is set to in its properties, Terraform in its body. */
function pathIn(body: Holder, path: string): string[] {
  if (path.startsWith('/')) return [...stepsOf(path.slice(1))];
  return 'Properties' in body ? ['Properties', ...stepsOf(path)] : [...stepsOf(path)];
}

function nameOf(id: string): string {
  return id.slice(id.indexOf('.') + 1);
}
