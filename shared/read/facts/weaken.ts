import { type Asked, stepsOf } from '../stack';

/** JSON that may be changed. */
export type Json = null | boolean | number | string | Json[] | Holder;
export interface Holder {
  [key: string]: Json;
}

/** A change that makes a template worse. It is told which resource to weaken. */
export type Edit = (draft: Draft, resource: Asked) => void;

/** A template that is being changed: the bodies of its resources, each by the id of the resource. */
export interface Draft {
  readonly resources: Map<string, { readonly type: string; readonly body: Holder }>;
  /** Any id that fits, since names of resources end in a hash of their path. */
  id(type: string, start?: string): string;
  /** How a value refers to a resource, or to an attribute of it, in the language of the template. */
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
 * Set a value. Without a value, it is taken out. A path such as `Rules.0.Status` leads through lists by their places; one
 * that starts with a slash leads beside the properties of CloudFormation: `/DeletionPolicy`.
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

/** Take resources out. */
export function remove(which: Which = itself): Edit {
  return (draft, resource) => {
    const ids = which(resource, draft);
    if (ids.length === 0) throw new Error(`There is nothing to take out beside ${resource.id}.`);
    for (const id of ids) draft.resources.delete(id);
  };
}

/** Put a resource in. Its body is what the template's language has: properties of CloudFormation, or arguments of Terraform. */
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

/** Change a text, wherever in the resource it stands. @throws Error when it stands nowhere, since then nothing is weakened */
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
  if (path.startsWith('/')) return stepsOf(path.slice(1));
  return 'Properties' in body ? ['Properties', ...stepsOf(path)] : stepsOf(path);
}

function nameOf(id: string): string {
  return id.slice(id.indexOf('.') + 1);
}
