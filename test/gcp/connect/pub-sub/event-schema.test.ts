import { parse } from 'protobufjs';
import { definitionOf, type EventSchema } from '../../../../gcp/connect/pub-sub/event-schema';
import { PubSubBuffer, type PubSubBufferProps } from '../../../../gcp/connect/pub-sub/pub-sub-buffer';
import { CloudStorageStore } from '../../../../gcp/store/cloud-storage/cloud-storage-store';
import contract from '../../../../shared/runtime/event.schema.json';
import { EXAMPLE_EVENT } from '../../../../shared/synth/send-command';
import { expectSnapshot } from '../../../support/snapshot';
import { readable, site, synthesize } from '../../stand-ins';

const schema: EventSchema = { data: 'double celsius = 1; string unit = 2;', extensions: { traceparent: 'string' } };
const make = (props: Partial<PubSubBufferProps> = {}) => synthesize((stack) => new PubSubBuffer(stack, 'Buffer', { site, ...props }));
const typeOf = (one: EventSchema) => parse(definitionOf(one), { keepCase: true }).root.lookupType('Event');
const topicOf = ({ all }: ReturnType<typeof make>) => all('google_pubsub_topic').find(({ name }) => name === 'acme-events');

test('the snapshot', () => {
  const { google_pubsub_schema, google_pubsub_topic } = make({ schema }).json.resource!;
  expectSnapshot(
    'gcp/connect/pub-sub/event-schema.snapshot.yaml',
    'The definition has every attribute of the event contract; the topic takes JSON, and the dead letter takes everything.',
    readable({ google_pubsub_schema, google_pubsub_topic }),
  );
});

test('has the attributes of the contract, each with a number that never changes', () => {
  const { fields } = typeOf(schema);
  const numbers = Object.fromEntries(Object.values(fields).map(({ name, id }) => [name, id]));
  expect(numbers).toEqual({
    specversion: 1,
    id: 2,
    source: 3,
    type: 4,
    time: 5,
    subject: 6,
    datacontenttype: 7,
    dataschema: 8,
    partitionkey: 9,
    data: 10,
    data_base64: 11,
    traceparent: 101,
  });
  expect(Object.keys(contract.properties)).toEqual(Object.keys(numbers).slice(0, -1));
});

test('what a client of the stack sends has only names and types of the schema', () => {
  const event = typeOf(schema);
  const { data, ...attributes } = JSON.parse(EXAMPLE_EVENT);
  for (const name of Object.keys(attributes)) expect(event.fields[name]?.type).toBe('string');
  expect(Object.keys(data)).toEqual(['celsius']);
  expect(event.lookupType('Data').fields.celsius?.type).toBe('double');
});

test('data can have messages, enums and lists of its own, below the one type that Pub/Sub takes', () => {
  const data =
    'repeated Part parts = 1; message Part { string name = 1; map<string, int64> counts = 2; } enum Kind { NONE = 0; HOT = 1; } Kind kind = 2;';
  const { root } = parse(definitionOf({ data }));
  expect(root.nestedArray.map(({ name }) => name)).toEqual(['Event']);
  expect(root.lookupType('Event.Data').fields.parts?.repeated).toBe(true);
});

test.each([
  'string service = 1;',
  'map<string, string> package = 1;',
  'message important { bool import = 1; } important edition = 2;',
  'enum Kind { NONE = 0; syntax = 1; } Kind extend = 1;',
])('a field can have the name of a statement: %s', (data) => {
  const { fields } = typeOf({ data }).lookupType('Data');
  expect(Object.keys(fields)).toHaveLength(1);
  expect(() => make({ schema: { data } })).not.toThrow();
});

test('the topic checks JSON, and the dead letter takes what does not follow', () => {
  const synth = make({ schema });
  expect(topicOf(synth).schema_settings).toEqual({ encoding: 'JSON', schema: '${google_pubsub_schema.events.id}' });
  expect(synth.all('google_pubsub_topic').filter(({ schema_settings }) => schema_settings)).toHaveLength(1);
  expect(topicOf(make()).schema_settings).toBeUndefined();
});

test('Terraform refuses to destroy it without both keys: a topic without its schema takes no event', () =>
  expect(make({ schema }).one('google_pubsub_schema').lifecycle).toEqual({ prevent_destroy: true }));

describe('refuses', () => {
  const rule = 'test/Buffer: schema must have data with the fields of a message of Protocol Buffers, of at most 100000 bytes, got';
  const remedy = "Write it like { data: 'double celsius = 1;' }, without comments and imports.";
  test.each<[string, unknown, string]>([
    ['a text', 'double celsius = 1;', 'string'],
    ['no fields', {}, 'undefined'],
    ['an empty text', { data: '' }, '""'],
    ['a field without a number', { data: 'double celsius;' }, '"double celsius;"'],
    ['a comment', { data: 'double celsius = 1; // hot' }, '"double celsius = 1; // hot"'],
    ['an import', { data: 'import "a.proto"; double celsius = 1;' }, String.raw`"import \"a.proto\"; double celsius = 1;"`],
    ['a service', { data: 'double celsius = 1; service Press { }' }, '"double celsius = 1; service Press { }"'],
    ['a package in a message', { data: 'message Part { package parts; int32 a = 1; }' }, '"message Part { package parts; int32 a = 1; }"'],
    ['a brace that closes the message', { data: 'int32 a = 1; } message Other {' }, '"int32 a = 1; } message Other {"'],
    ['an open brace', { data: 'message Part { int32 a = 1;' }, '"message Part { int32 a = 1;"'],
    ['an expression of Terraform', { data: 'int32 a = 1; ${var.x}' }, '"int32 a = 1; ${var.x}"'],
  ])('%s', (_, given, got) => expect(() => make({ schema: given as never })).toThrow(new Error(`${rule} ${got}. ${remedy}`)));

  test.each<[string, PubSubBufferProps['schema'], string]>([
    [
      'an extension that CloudEvents does not allow',
      { ...schema, extensions: { trace_parent: 'string' } },
      'test/Buffer: schema.extensions must have names of lower-case letters and digits, got "trace_parent". CloudEvents allows no other names.',
    ],
    [
      'an extension that is an attribute',
      { ...schema, extensions: { subject: 'string' } },
      'test/Buffer: schema.extensions must not name attributes of the contract, got "subject". Leave it out.',
    ],
    [
      'an extension of another type',
      { ...schema, extensions: { hot: 'double' as never } },
      'test/Buffer: schema.extensions.hot must be string, bool or int32, got "double". CloudEvents has no other types in JSON.',
    ],
  ])('%s', (_, given, message) => expect(() => make({ schema: given })).toThrow(new Error(message)));

  test('a schema for a topic that is there', () =>
    expect(() => make({ schema, topicId: 'projects/theirs/topics/orders' })).toThrow(
      'topicId keeps its own settings, got schema beside it.',
    ));

  test('notifications of a Google service', () =>
    expect(() =>
      synthesize((stack) => {
        const sink = new PubSubBuffer(stack, 'Buffer', { site, schema });
        new CloudStorageStore(stack, 'Store', { site }).deliverCreated(sink);
      }),
    ).toThrow(
      new Error(
        'test/Store/Created: a buffer of notifications must have no schema, got test/Buffer with schema. Take a buffer without schema: a notification has the data of its service.',
      ),
    ));
});
