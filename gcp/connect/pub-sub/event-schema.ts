import { PubsubSchema } from '@cdktf/provider-google/lib/pubsub-schema';
import type { PubsubTopicSchemaSettings } from '@cdktf/provider-google/lib/pubsub-topic';
import { Token } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';
import { EVENT_ATTRIBUTES } from '../../../shared/synth/event-attributes';
import { keepAddress } from '../../../shared/synth/kept-name';
import { requireOneOf, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import type { TopicSettings } from './topic';

/** What the events of a topic have in `data`. */
export interface EventSchema {
  /**
   * The fields of `data`: the body of a message of Protocol Buffers (proto3), such as `double celsius = 1; string unit = 2;`. It can
   * have messages and enums of its own, but no comments and no imports. Names are written as in JSON. A field can be added or removed;
   * a change of its name, type or number is refused by Pub/Sub.
   */
  readonly data: string;
  /**
   * The extension attributes that senders set, with the type of each, such as `{ traceparent: 'string' }`. Add others at the end: the
   * number of each comes from its place.
   * @default - none, so an event with one is refused
   */
  readonly extensions?: Readonly<Record<string, 'string' | 'bool' | 'int32'>>;
}

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,100}$/,
  must: 'have names of lower-case letters and digits',
  remedy: 'CloudEvents allows no other names.',
};
const LONGEST_BYTES = 100_000;
const CHARACTERS = /^[\w.<>,=;{}[\]"'\s-]*$/;
const FIELD = /\b\w+\s*=\s*[1-9]\d*\s*(?:\[[^\]]*\]\s*)?;/;
/** A statement that does not belong into a message. The names of fields, and of values of enums, can be the same words. */
const FOREIGN = /(?:^|[;{}])\s*(?:import\s*["']|import\s+\w|(?:syntax|edition)\s*=\s*["']|(?:package|service|extend)\s+[\w.])/;
/** The number of the first extension. The attributes of the contract have the numbers below. */
const FIRST_EXTENSION = 101;

/**
 * Refuse what is no schema of events.
 * @throws SettingError
 */
export function requireSchema(scope: IConstruct, schema: EventSchema) {
  const isObject = typeof schema === 'object' && schema !== null && !Array.isArray(schema);
  const { data, extensions = {} } = isObject ? schema : ({} as EventSchema);
  const isFields = typeof data === 'string' && (Token.isUnresolved(data) || areFields(data));
  if (!isFields) {
    const got = typeof data === 'string' ? JSON.stringify(data.slice(0, 100)) : typeof (isObject ? data : schema);
    const rule = `schema must have data with the fields of a message of Protocol Buffers, of at most ${LONGEST_BYTES} bytes`;
    throw new SettingError(scope, rule, got, "Write it like { data: 'double celsius = 1;' }, without comments and imports.");
  }
  for (const [name, type] of Object.entries(extensions)) {
    requireText(scope, { 'schema.extensions': name }, NAME);
    if (EVENT_ATTRIBUTES.includes(name)) {
      throw new SettingError(scope, 'schema.extensions must not name attributes of the contract', `"${name}"`, 'Leave it out.');
    }
    requireOneOf(scope, { [`schema.extensions.${name}`]: type }, ['string', 'bool', 'int32'], 'CloudEvents has no other types in JSON.');
  }
}

function areFields(data: string): boolean {
  if (Buffer.byteLength(data) > LONGEST_BYTES || !CHARACTERS.test(data) || !FIELD.test(data) || FOREIGN.test(data)) return false;
  let depth = 0;
  for (const character of data) {
    if (character === '{') depth += 1;
    if (character === '}') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

/**
 * An event of the contract in Protocol Buffers, whose JSON is that of CloudEvents. Proto3 requires no field, so Pub/Sub refuses an event
 * with another name or type, and takes one that lacks an attribute. Avro would require another JSON.
 */
export function definitionOf({ data, extensions = {} }: EventSchema): string {
  const attributes = EVENT_ATTRIBUTES.map((name, index) => `${name === 'data' ? 'Data' : 'string'} ${name} = ${index + 1};`);
  const own = Object.entries(extensions).map(([name, type], index) => `${type} ${name} = ${FIRST_EXTENSION + index};`);
  const lines = [...attributes, ...own, `message Data { ${data.trim()} }`].map((line) => `  ${line}`);
  return ['syntax = "proto3";', 'message Event {', ...lines, '}', ''].join('\n');
}

/** Create the schema of a topic. A change commits a revision: a schema has 20 at most, and old ones are deleted by hand. */
export function schemaOf(scope: Construct, { site, name, meta }: TopicSettings, schema: EventSchema): PubsubTopicSchemaSettings {
  const resource = new PubsubSchema(scope, 'Schema', {
    ...meta,
    project: site.project,
    name: `${site.prefix}-${name}`,
    type: 'PROTOCOL_BUFFER',
    definition: definitionOf(schema),
  });
  keepAddress(resource, name);
  return { schema: resource.id, encoding: 'JSON' };
}
