const MOMENT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
/** The first and the last moment that a TIMESTAMP of BigQuery holds: the years 1 to 9999. */
export const [FIRST, LAST] = [-62_135_596_800_000_000n, 253_402_300_799_999_999n] as const;

/**
 * Microseconds since 1970 of a time in RFC 3339. What is finer is cut off. A day that does not exist, and a time beyond
 * what BigQuery holds, is `undefined`.
 */
export function microseconds(text: string): bigint | undefined {
  const [, local, fraction = '', sign, hours = '0', minutes = '0'] = MOMENT.exec(text) ?? [];
  const date = new Date(`${local}Z`);
  if (!local || Number.isNaN(date.getTime()) || date.toISOString().slice(0, 19) !== local) return undefined;
  const offset = BigInt(hours) * 60n + BigInt(minutes);
  const time =
    BigInt(date.getTime()) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6)) - (sign === '-' ? -offset : offset) * 60_000_000n;
  return time < FIRST || time > LAST ? undefined : time;
}
