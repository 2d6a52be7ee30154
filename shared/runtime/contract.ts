import type { Event } from './event';
import { type CheckError, check } from './event-check';

/** A record is not a valid event. The message says why. */
export class InvalidEvent extends Error {
  override readonly name = 'InvalidEvent';
}

/** The rule behind each pattern of the schema, for error messages. */
const WORDS: Readonly<Record<string, string>> = {
  id: 'must have 256 characters at most, or 128 where one of them is beyond U+FFFF',
  source: 'must be a URI reference',
  time: 'must be a valid time, such as 2026-01-31T08:30:00.125Z',
  datacontenttype: 'must be a media type',
  dataschema: 'must be a URI',
  partitionkey: 'must have 256 characters at most, or 128 where one of them is beyond U+FFFF',
  data_base64: 'must be base64',
};

/**
 * A quick check that most events pass. An event that passes follows the contract. One that does not is checked against the whole
 * contract, which takes several times as long.
 */
const USUAL_TEXT = /^[ -~]+$/;
const USUAL_SOURCE = /^(?:[a-z]+:[\w.~/:-]*|[\w.~/-]+)$/;
const USUAL_TIME =
  /^2\d\d\d-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/;

/** The schema checks these attributes completely. */
const CHECKED = new Set(['specversion', 'source', 'time', 'data', 'data_base64']);
const NAMED = new Set(['id', 'type', 'subject', 'datacontenttype', 'dataschema', 'partitionkey']);
const NAME = /^[a-z0-9]+$/;
/** Printable ASCII: contains no character that CloudEvents forbids. */
const ORDINARY = /^[ -~]*$/;
/** Control characters, unpaired surrogates and noncharacters. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/**
 * Check that a parsed value is an event. An attribute that is `null` counts as unset and is removed.
 *
 * `event.schema.json` has most of the contract. This function checks the rules that a JSON schema in API Gateway cannot express.
 * @throws InvalidEvent if the value breaks the contract
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#type-system
 */
export function toEvent(value: unknown): Event {
  return isUsual(value) ? value : checked(value);
}

/** The quick check. `true`: the value is an event without attributes to remove. `false`: the whole contract must be checked. */
export function isUsual(value: unknown): value is Event {
  if (typeof value !== 'object' || value === null) return false;
  let required = 0;
  for (const name in value) {
    const attribute = (value as Record<string, unknown>)[name];
    if (name === 'data') continue;
    if (typeof attribute !== 'string' || attribute.length > 256) return false;
    switch (name) {
      case 'specversion':
        if (attribute !== '1.0') return false;
        required++;
        break;
      case 'source':
        if (!USUAL_SOURCE.test(attribute)) return false;
        required++;
        break;
      case 'time':
        if (!USUAL_TIME.test(attribute)) return false;
        required++;
        break;
      case 'id':
      case 'type':
        if (!USUAL_TEXT.test(attribute)) return false;
        required++;
        break;
      case 'partitionkey':
      case 'subject':
        if (!USUAL_TEXT.test(attribute)) return false;
        break;
      case 'datacontenttype':
        if (attribute !== 'application/json') return false;
        break;
      case 'dataschema':
        return false;
      default:
        if (!NAME.test(name) || !USUAL_TEXT.test(attribute)) return false;
    }
  }
  return required === 5;
}

/** {@link toEvent}, with the whole contract. */
export function checked(value: unknown): Event {
  if (!check(value)) throw new InvalidEvent(check.errors?.map(inWords).join('; ') ?? 'does not follow the event contract');
  const event = value as Record<string, unknown>;
  for (const name in event) {
    if (CHECKED.has(name)) continue;
    const attribute = event[name];
    if (!NAMED.has(name) && !NAME.test(name)) {
      throw new InvalidEvent(`${inQuotes(name)} is not a valid attribute name: use only a to z and 0 to 9`);
    }
    if (attribute === null) delete event[name];
    else if (typeof attribute === 'string' && !ORDINARY.test(attribute) && FORBIDDEN.test(attribute)) {
      throw new InvalidEvent(`${name} must not contain control characters, unpaired surrogates or noncharacters`);
    }
  }
  return event as Event;
}

/** A name can be any string, so it is quoted as JSON and shortened. */
function inQuotes(name: string): string {
  return JSON.stringify(name.length > 50 ? `${name.slice(0, 50)}…` : name);
}

function inWords({ instancePath, keyword, message, params }: CheckError): string {
  const name = instancePath.slice(1);
  if (keyword === 'pattern') return `${name} ${WORDS[name] ?? message}`;
  if (keyword === 'not') return 'data and data_base64 exclude each other';
  const allowed = params.allowedValues ? `: ${params.allowedValues.join(', ')}` : '';
  return `${name || 'event'} ${message}${allowed}`;
}
