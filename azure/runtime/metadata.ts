import { stringify } from '../../shared/runtime/json';

/** The content of an event. The host may ignore `dataType: 'binary'`, and pass text or parsed JSON. */
export function bytesOf(message: unknown): Buffer {
  if (Buffer.isBuffer(message)) return message;
  if (message instanceof Uint8Array) return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return Buffer.from(typeof message === 'string' ? message : (stringify(message) ?? ''));
}

/** A 64-bit integer arrives as a number, as text, or as two halves: Azure/azure-functions-nodejs-worker#844. */
export function integerOf(value: unknown): string | undefined {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return String(value);
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'bigint') return /^\d+$/.exec(String(value))?.[0];
  const { low, high } = fieldsOf(value);
  return typeof low === 'number' && typeof high === 'number' ? ((BigInt(high) << 32n) | BigInt(low >>> 0)).toString() : undefined;
}

/** The times are in UTC, but some hosts omit the zone: JavaScript would then use the local time zone. */
export function timeOf(value: unknown): Date | undefined {
  const text = String(value);
  const time = new Date(text.endsWith('Z') || /(z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** The fields of an object, or none. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
