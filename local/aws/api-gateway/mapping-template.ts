import { parse as parseJson, stringify as stringifyJson } from 'lossless-json';
import { Compile, Helper, parse } from 'velocityjs';

/** The input of a mapping template of API Gateway. */
export interface VtlInput {
  /** The body of the request or the response. An empty one counts as an empty object. */
  readonly body: string;
  /** The variables of `$context`, such as `requestId`. */
  readonly context?: Readonly<Record<string, string>>;
}

/** The result of a mapping template. */
export interface VtlOutput {
  readonly text: string;
  /** The HTTP status that the template set instead of the declared one. */
  readonly status?: number;
}

/**
 * Render a mapping template of API Gateway.
 *
 * This file lists the variables and methods that a template can use. Anything else throws; velocityjs alone would write wrong
 * text without an error. One difference is not detected: an empty string is false here and true in API Gateway, so a template
 * should compare with `''`.
 * @throws Error on a name, a method or a JSON path that is not listed
 */
export function renderVtl(template: string, { body, context = {} }: VtlInput): VtlOutput {
  const responseOverride: { status?: number } = {};
  const value = once(() => parseJson(body === '' ? '{}' : body));
  const valueAt = (path: string) => find(value(), path);
  const text = new StrictTemplate(syntaxOf(template), { escape: false, customMethodHandlers: [strictMethods] }).render({
    input: listed('$input', {
      body,
      path: valueAt,
      json: (path: string) => stringifyJson(valueAt(path)),
    }),
    util: listed('$util', { base64Encode: (value: string) => Buffer.from(value).toString('base64'), urlEncode }),
    context: listed('$context', { ...context, responseOverride }),
  });
  return { text, status: responseOverride.status };
}

/** The methods of a Java String that a template may call. velocityjs has none of them. */
const STRING_METHODS: Readonly<Record<string, (text: string, params: readonly string[]) => unknown>> = {
  contains: (text, [part]) => text.includes(String(part)),
};

/** Handles every call of a method, because velocityjs would call the JavaScript method of the same name. */
const strictMethods = {
  uid: 'strict',
  match: () => true,
  resolve: ({ context, property, params }: { context: string | Record<string, unknown>; property: string; params: string[] }) => {
    if (typeof context === 'string' && Object.hasOwn(STRING_METHODS, property)) return STRING_METHODS[property]!(context, params);
    const method = typeof context === 'object' && context[property];
    if (typeof method === 'function') return method(...params);
    throw new Error(`the method ${property} of ${JSON.stringify(context)} is not listed`);
  },
};

/** Refuses a reference without a value. velocityjs would write the reference itself. */
class StrictTemplate extends Compile {
  protected override getReferences(ast: Parameters<typeof Helper.getRefText>[0], isOutput?: boolean) {
    const value = super.getReferences(ast);
    if (isOutput && (value ?? undefined) === undefined) throw new Error(`${Helper.getRefText(ast)} has no value`);
    return value;
  }
}

/** A string, encoded as a value of a form. Half of a surrogate pair becomes a question mark. */
function urlEncode(text: string): string {
  return new URLSearchParams({ '': text.replace(/\p{Surrogate}/gu, '?') }).toString().slice(1);
}

/** An object that throws when an unknown property is read. */
function listed<Members extends object>(name: string, members: Members): Members {
  return new Proxy(members, {
    get(target, key) {
      if (Object.hasOwn(target, key)) return target[key as keyof Members];
      throw new Error(`${name}.${String(key)} is not listed`);
    },
  });
}

/** The value at `$` or `$.one.or.more.names`, with all digits of its numbers. A missing value is an empty string. */
function find(value: unknown, path: string): unknown {
  if (!/^\$(\.\w+)*$/.test(path)) throw new Error(`the JSON path ${path} is not listed`);
  const names = path.split('.').slice(1);
  return names.reduce<unknown>((found, name) => (isObject(found) && Object.hasOwn(found, name) ? found[name] : ''), value);
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

const syntax = new Map<string, ReturnType<typeof parse>>();

/** Parsing a template takes longer than rendering it. */
function syntaxOf(template: string): ReturnType<typeof parse> {
  const known = syntax.get(template) ?? parse(template);
  syntax.set(template, known);
  return known;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
