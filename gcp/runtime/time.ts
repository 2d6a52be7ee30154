/** A moment: whole milliseconds since 1970, and the remaining microseconds. */
export interface Moment {
  readonly milliseconds: number;
  readonly micros: number;
}

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** The years 1 to 9999. */
const [FIRST, LAST] = [-62_135_596_800_000, 253_402_300_799_999];

/**
 * The moment of a time in RFC 3339, truncated to microseconds. A day that does not exist, and a time outside of the range of a
 * BigQuery TIMESTAMP, is `undefined`.
 */
export function momentOf(text: string): Moment | undefined {
  // The last result is cached, because the same time is read several times for each message.
  if (text !== last.text) last = { text, moment: read(text) };
  return last.moment;
}

/** A moment in UTC, to the microsecond. */
export function utcOf({ milliseconds, micros }: Moment): string {
  return new Date(milliseconds).toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`);
}

let last: { readonly text: string; readonly moment: Moment | undefined } = { text: '', moment: undefined };

function read(text: string): Moment | undefined {
  if (!FORM.test(text)) return undefined;
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10)];
  const [hour, minute, second] = [digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19)];
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && !isLeapYear ? 28 : (DAYS[month - 1] ?? 0);
  if (day < 1 || day > days || hour > 23 || minute > 59 || second > 59) return undefined;
  const isUtc = text.endsWith('Z');
  const end = text.length - (isUtc ? 1 : 6);
  const micros = digits(text, 20, Math.min(end, 26)) * 10 ** Math.max(0, 26 - end);
  const [hours, minutes] = isUtc ? [0, 0] : [digits(text, end + 1, end + 3), digits(text, end + 4, end + 6)];
  if (hours > 23 || minutes > 59) return undefined;
  const offset = (hours * 60 + minutes) * (text[end] === '-' ? -60_000 : 60_000);
  // `Date.UTC` treats the years 0 to 99 as 1900 to 1999.
  const start = year < 100 ? Date.UTC(year + 400, month - 1, day) - DAYS_OF_400_YEARS * 86_400_000 : Date.UTC(year, month - 1, day);
  const milliseconds = start + ((hour * 60 + minute) * 60 + second) * 1000 - offset + Math.floor(micros / 1000);
  if (milliseconds < FIRST || milliseconds > LAST) return undefined;
  return { milliseconds, micros: micros % 1000 };
}

/** The number of these digits of a text. Reading them one by one allocates no string. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + text.charCodeAt(at) - 48;
  return value;
}

const DAYS_OF_400_YEARS = 146_097;
