const MOMENT = /^(\d{4}-\d\d-(\d\d)T\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
/** The first and the last moment that a TIMESTAMP of BigQuery holds: the years 1 to 9999. */
export const [FIRST, LAST] = [-62_135_596_800_000_000n, 253_402_300_799_999_999n] as const;

/**
 * Microseconds since 1970 of a time in RFC 3339. What is finer is cut off. A day that does not exist, and a time beyond
 * what BigQuery holds, is `undefined`.
 */
export function microseconds(text: string): bigint | undefined {
  const [, local, day, fraction = '', sign, hours, minutes] = MOMENT.exec(text) ?? [];
  if (!local) return undefined;
  const whole = Date.parse(`${local}Z`);
  // A day too many is taken for one of the next month.
  if (Number.isNaN(whole) || new Date(whole).getUTCDate() !== Number(day)) return undefined;
  const offset = sign ? (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000) : 0;
  const time = BigInt(whole - offset) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
  return time < FIRST || time > LAST ? undefined : time;
}
