import { type Context, createContext, Script } from 'node:vm';
import { RefusedError } from '../../platform';
import type { Resource } from '../../template/resource';
import type { Message, PublishedMessage } from './message';

/** What a topic makes of a message before it stores it. Nothing: the message is filtered out. */
export type Transform = (message: PublishedMessage) => Pick<Message, 'data' | 'attributes'> | undefined;

/** How long a function may take for one message, and how long its code may be. */
const LIMITS = { milliseconds: 500, bytes: 20_000 };

interface Udf {
  readonly function_name?: unknown;
  readonly code?: unknown;
}

/**
 * The transforms of a topic, one after the other.
 * @returns nothing if the topic has none
 * @throws RefusedError if the code of one is not JavaScript, or does not have its function
 * @see https://cloud.google.com/pubsub/docs/smts/udfs-overview
 */
export function readTransforms(topic: Resource): Transform | undefined {
  const listed = [topic.optional('message_transforms') ?? []].flat() as {
    readonly disabled?: boolean;
    readonly javascript_udf?: Udf | [Udf];
  }[];
  const all = listed.flatMap(({ disabled, javascript_udf }, index) => {
    const [udf] = [javascript_udf].flat();
    return disabled === true || !udf ? [] : [compiled(udf, `${topic.path}.message_transforms[${index}].javascript_udf`)];
  });
  if (all.length === 0) return undefined;
  return (message) => {
    let stored: ReturnType<Transform> = message;
    for (const transform of all) stored = stored && transform({ ...message, ...stored });
    return stored;
  };
}

/** The code runs in a context of its own. Only texts go in and out, so it gets no object of this process. */
function compiled({ function_name, code }: Udf, at: string): Transform {
  const name = String(function_name);
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) throw new RefusedError(`${at}.function_name`, `it must be the name of a function, got "${name}"`);
  if (Buffer.byteLength(String(code)) > LIMITS.bytes) throw new RefusedError(`${at}.code`, `Pub/Sub takes ${LIMITS.bytes} bytes of code`);
  const context = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false }, microtaskMode: 'afterEvaluate' });
  const isFunction = runIn(context, `${code}\n;typeof ${name} === 'function'`, `${at}.code`);
  if (isFunction !== true) throw new RefusedError(`${at}.code`, `it must have the function ${name}`);
  return ({ data, attributes, messageId, publishTime, orderingKey }) => {
    const text = data.toString();
    if (!Buffer.from(text).equals(data)) throw new Error(`${name}: the data of the message is not UTF-8`);
    const metadata = {
      message_id: messageId,
      publish_time: `${publishTime.toISOString().slice(0, 19)}Z`,
      ordering_key: orderingKey || undefined,
    };
    const given = JSON.stringify(JSON.stringify([{ data: text, attributes }, metadata]));
    const called = `(() => {
      try {
        const made = ${name}(...JSON.parse(${given}));
        return made === undefined ? 'it returned nothing' : JSON.stringify([made]);
      } catch (error) {
        return String(error);
      }
    })()`;
    return readResult(name, String(new Script(called).runInContext(context, { timeout: LIMITS.milliseconds })));
  };
}

function runIn(context: Context, code: string, at: string): unknown {
  try {
    return new Script(code, { filename: at }).runInContext(context, { timeout: LIMITS.milliseconds });
  } catch (error) {
    throw new RefusedError(at, `it cannot be run: ${(error as Error).message}`);
  }
}

/** @param text the result in a list, as JSON, or the text of an error */
function readResult(name: string, text: string): ReturnType<Transform> {
  let result: unknown;
  try {
    [result] = JSON.parse(text) as unknown[];
  } catch {
    throw new Error(`${name}: ${text}`);
  }
  if (result === null) return undefined;
  const { data, attributes = {} } = Object(result) as { readonly data?: unknown; readonly attributes?: object };
  const areTexts = Object.values(Object(attributes)).every((value) => typeof value === 'string');
  if (typeof data !== 'string' || !areTexts)
    throw new Error(`${name}: it must return null, or an object with the text data and attributes of text`);
  return { data: Buffer.from(data), attributes: attributes as Message['attributes'] };
}
