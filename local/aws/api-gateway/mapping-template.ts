import { parse as parseJson, stringify as stringifyJson } from 'lossless-json';
import { Compile, Helper, parse } from 'velocityjs';

/** What a mapping template of API Gateway is given. */
export interface VtlInput {
  /** The body of the request, or of the answer. An empty one counts as an empty object. */
  readonly body: string;
  /** What `$context` knows, such as `requestId`. */
  readonly context?: Readonly<Record<string, string>>;
}

/** What came of a mapping template. */
export interface VtlOutput {
  readonly text: string;
  /** The HTTP status that the template set in place of the declared one. */
  readonly status?: number;
}

/**
 * Render a mapping template of API Gateway.
 *
 * Whatever a template reaches for is listed in this file. Anything else throws, where velocityjs alone would write wrong
 * text without a word. One thing cannot be caught: an empty text counts as false here and as true in API Gateway, so a
 * template should compare with `''`.
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

/** The methods of a Java String that a template may call. velocityjs knows none of them. */
const STRING_METHODS: Readonly<Record<string, (text: string, params: readonly string[]) => unknown>> = {
  contains: (text, [part]) => text.includes(String(part)),
};

/** Takes every call of a method, so that none reaches the guesses of velocityjs. */
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

/** Refuses a reference without a value, which velocityjs would write out as it stands. */
class StrictTemplate extends Compile {
  protected override getReferences(ast: Parameters<typeof Helper.getRefText>[0], isOutput?: boolean) {
    const value = super.getReferences(ast);
    if (isOutput && (value ?? undefined) === undefined) throw new Error(`${Helper.getRefText(ast)} has no value`);
    return value;
  }
}

/** A text as a value in the body of a form. What is half a character becomes a question mark. */
function urlEncode(text: string): string {
  return new URLSearchParams({ '': text.replace(/\p{Surrogate}/gu, '?') }).toString().slice(1);
}

/** An object that throws when it is asked for what it does not hold. */
function listed<Members extends object>(name: string, members: Members): Members {
  return new Proxy(members, {
    get(target, key) {
      if (Object.hasOwn(target, key)) return target[key as keyof Members];
      throw new Error(`${name}.${String(key)} is not listed`);
    },
  });
}

/** What stands at `$` or `$.one.or.more.names`, with every digit of its numbers. Nothing is an empty text. */
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
