import { ApiError, Broker, INVALID_ARGUMENT } from '../../../gcp/pub-sub/broker';
import type { PublishedMessage } from '../../../gcp/pub-sub/message';
import { readTransforms } from '../../../gcp/pub-sub/transforms';
import { Pace } from '../../../pace';
import type { Resource } from '../../../template/resource';

const [TOPIC, NAME] = ['projects/p/topics/events', 'projects/p/subscriptions/events'];

const udf = (code: string, name = 'f', more = {}) => ({ javascript_udf: { function_name: name, code }, ...more });
const read = (...transforms: object[]) =>
  readTransforms({
    path: 'google_pubsub_topic.t',
    optional: () => (transforms.length > 0 ? transforms : undefined),
  } as unknown as Resource);

/** The messages that a topic with these transforms stores. */
function stored(transforms: object[], ...messages: (string | Partial<PublishedMessage>)[]): PublishedMessage[] {
  const kept: PublishedMessage[] = [];
  const settings = { name: NAME, topic: TOPIC, ackDeadline: 10_000 };
  const broker = new Broker([TOPIC], [settings], new Pace(), (_, one) => kept.push(one), new Map([[TOPIC, read(...transforms)!]]));
  try {
    const sent = messages.map((one) => ({
      data: Buffer.from('x'),
      attributes: {},
      orderingKey: '',
      ...(typeof one === 'string' ? { data: Buffer.from(one) } : one),
    }));
    expect(broker.publish(TOPIC, sent)).toHaveLength(messages.length);
    return kept;
  } finally {
    expect(broker.subscription(NAME).peek()).toEqual(kept);
    broker.stop();
  }
}

test('the function gets the message and its metadata, and what it returns is stored', () => {
  const code =
    'function f(message, metadata) { return { data: JSON.stringify([message, metadata]), attributes: { was: message.attributes.a } }; }';
  const [message] = stored([udf(code)], { data: Buffer.from('é'), attributes: { a: 'b' }, orderingKey: 'k' });
  expect(message).toMatchObject({ attributes: { was: 'b' }, orderingKey: 'k' });
  expect(JSON.parse(message!.data.toString())).toEqual([
    { data: 'é', attributes: { a: 'b' } },
    { message_id: message!.messageId, publish_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/), ordering_key: 'k' },
  ]);
});

test('a message for which it returns null has an id, and is stored nowhere', () => {
  const kept = stored([udf("function f(message) { return message.data === 'drop' ? null : message; }")], 'keep', 'drop');
  expect(kept.map(({ data }) => data.toString())).toEqual(['keep']);
});

test('several run in their order, and one that is disabled does not', () => {
  const add = (name: string) => udf(`function ${name}(message) { return { ...message, data: message.data + '${name}' }; }`, name);
  expect(stored([add('a'), { ...add('b'), disabled: true }, add('c')], 'x')[0]!.data.toString()).toBe('xac');
  expect(read()).toBeUndefined();
  expect(read({ ...add('b'), disabled: true })).toBeUndefined();
});

test('a message without attributes in the result has none', () => {
  expect(stored([udf("function f() { return { data: 'y' }; }")], { attributes: { a: 'b' } })[0]).toMatchObject({ attributes: {} });
});

test.each<[string, string, string | Partial<PublishedMessage>, string]>([
  ['throws', "function f() { throw new TypeError('no size'); }", 'x', 'f: TypeError: no size'],
  ['throws something else', 'function f() { throw null; }', 'x', 'f: null'],
  ['returns nothing', 'function f() {}', 'x', 'f: it returned nothing'],
  ['returns a text', "function f() { return 'x'; }", 'x', 'f: it must return null, or an object with the text data and attributes of text'],
  [
    'returns other data',
    'function f() { return { data: 7 }; }',
    'x',
    'f: it must return null, or an object with the text data and attributes of text',
  ],
  [
    'returns other attributes',
    'function f(m) { return { data: m.data, attributes: { a: 1 } }; }',
    'x',
    'f: it must return null, or an object with the text data and attributes of text',
  ],
  [
    'gets bytes that are not UTF-8',
    'function f(m) { return m; }',
    { data: Buffer.from([0xff]) },
    'f: the data of the message is not UTF-8',
  ],
  ['does not end', 'function f() { for (;;); }', 'x', 'Script execution timed out after 500ms'],
  [
    'asks for the process',
    "function f() { return { data: this.constructor.constructor('return process')().version }; }",
    'x',
    'f: EvalError: Code generation from strings disallowed for this context',
  ],
  ['asks for the network', 'function f() { return { data: String(fetch) }; }', 'x', 'f: ReferenceError: fetch is not defined'],
])('if the function %s, the whole request is refused', (_, code, message, why) => {
  const refused = new ApiError(INVALID_ARGUMENT, `A message transform of the topic failed: ${why}`);
  expect(() => stored([udf(code)], 'first', message)).toThrow(refused);
});

test.each<[string, object, string]>([
  ['no JavaScript', udf('function f( {'), '[0].javascript_udf.code: it cannot be run: '],
  ['no such function', udf('function g() {}'), '[0].javascript_udf.code: it must have the function f'],
  ['no name', udf('function f() {}', 'f()'), '[0].javascript_udf.function_name: it must be the name of a function, got "f()"'],
  ['too much code', udf(`function f() {}${' '.repeat(20_000)}`), '[0].javascript_udf.code: Pub/Sub takes 20000 bytes of code'],
])('a transform with %s is refused', (_, transform, why) => {
  expect(() => read(transform)).toThrow(`google_pubsub_topic.t.message_transforms${why}`);
});
