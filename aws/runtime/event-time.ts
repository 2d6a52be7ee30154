const MOMENT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/**
 * The time of an event in UTC, without its fraction of a second, and the digits of the fraction.
 * @param name what has the time, for the error
 * @throws Error on a day that does not exist, and on a year before 1 or after 9999 in UTC
 */
export function utcOf(name: string, time: string): { readonly second: string; readonly fraction: string } {
  const [, local = '', fraction = '0', sign, hours = '0', minutes = '0'] = MOMENT.exec(time) ?? [];
  const date = new Date(`${local}Z`);
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(local);
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? 1 : -1);
  const utc = exists ? new Date(date.getTime() + offset * 60_000).toISOString() : '';
  if (!/^(?!0000)\d{4}-/.test(utc)) throw new Error(`${name} must be a day of the years 1 to 9999, got ${time}`);
  return { second: utc.slice(0, 19), fraction };
}
