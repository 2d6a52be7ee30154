import { createHash } from 'node:crypto';

/** What `can` turns into false. */
export class NoMatch extends Error {}

/**
 * The functions of Terraform that can be called. Any other one is refused.
 * @see https://developer.hashicorp.com/terraform/language/functions
 */
export const FUNCTIONS: Readonly<Record<string, (...values: unknown[]) => unknown>> = {
  element: (list, index) => (list as unknown[])[Number(index) % (list as unknown[]).length],
  join: (separator, list) => (list as unknown[]).join(String(separator)),
  keys: (map) => Object.keys(map as object),
  length: (list) => (typeof list === 'string' ? [...list].length : Object.keys(list as object).length),
  regex: (pattern, text) => {
    const found = new RegExp(String(pattern), 'u').exec(String(text));
    if (!found) throw new NoMatch(`${pattern} does not match`);
    return found[0];
  },
  setintersection: (first, ...others) =>
    (first as unknown[]).filter((item) => others.every((other) => (other as unknown[]).includes(item))),
  setsubtract: (from, what) => (from as unknown[]).filter((item) => !(what as unknown[]).includes(item)),
  sha256: (text) => createHash('sha256').update(String(text)).digest('hex'),
  split: (separator, text) => String(text).split(String(separator)),
  substr: (text, offset, length) => [...String(text)].slice(Number(offset), Number(offset) + Number(length)).join(''),
  toset: (list) => [...new Set(list as unknown[])],
  values: (map) => Object.values(map as object),
};
