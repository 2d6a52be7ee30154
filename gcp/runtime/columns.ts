import { type Event, PermanentError } from '../../shared/runtime/event';
import { ExactNumber } from '../../shared/runtime/json';

/** Whether a column of the event has exactly this value already. */
export function isStored(name: string, value: unknown, event: Event): boolean {
  switch (name) {
    case 'specversion':
    case 'id':
    case 'source':
    case 'type':
      return value === event[name];
    case 'time':
      return value === event.time && /:\d\d(\.\d{1,6})?Z$/.test(event.time);
    default:
      return false;
  }
}

/**
 * Refuse a number that would lose digits in the JSON of BigQuery and Spanner, which holds 64-bit integers and doubles. A number with the 17
 * digits of a double is that double.
 * @throws PermanentError
 * @see https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#parse_json
 * @see https://cloud.google.com/spanner/docs/working-with-json
 */
export function requireExact(name: string, value: unknown): void {
  if (Array.isArray(value)) for (const inner of value) requireExact(name, inner);
  else if (typeof value === 'bigint' ? !isInt64(value) && value >> 64n !== 0n : value instanceof ExactNumber && !isDouble(value)) {
    throw new PermanentError(
      `column ${name} of type JSON cannot hold all digits of ${String(value).slice(0, 50)}: make it a text, or give it a column`,
    );
  } else if (typeof value === 'object' && value !== null && !('toJSON' in value)) {
    for (const inner in value) requireExact(name, (value as Record<string, unknown>)[inner]);
  }
}

/** Whether a number is a double that was written with up to 17 digits. */
export function isDouble(number: ExactNumber): boolean {
  return (
    Number(number)
      .toPrecision(17)
      .replace(/\.?0+$/, '') === String(number).replace(/\.?0+$/, '')
  );
}

/** A number as a text with all its digits, if it is one. */
export function decimal(value: unknown): string | undefined {
  if (typeof value === 'string') return /^-?\d+(\.\d+)?$/.test(value) ? value : undefined;
  return isNumber(value) && Number.isFinite(Number(value)) ? String(value) : undefined;
}

export function isNumber(value: unknown): value is number | bigint | ExactNumber {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof ExactNumber;
}

export function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}
