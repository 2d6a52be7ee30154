import type { Recurrence } from './schedule';

const DAY = 24 * 3600;

/** The values of a field of cron such as `*`, `*\/15`, `9-17` or `0,30`, below a limit. Nothing for names. */
function valuesOf(field: string, limit: number): number[] | undefined {
  const found = field.split(',').map((part) => {
    const [, range = '', step = '1'] = /^([\d*-]+)(?:\/(\d+))?$/.exec(part) ?? [];
    const [from = Number.NaN, to] = range === '*' ? [0, limit - 1] : range.split('-').map(Number);
    const last = to ?? (part.includes('/') ? limit - 1 : from);
    const all = Array.from({ length: limit }, (_, value) => value);
    return all.filter((value) => value >= from && value <= last && (value - from) % Number(step) === 0);
  });
  return found.some((values) => values.length === 0) ? undefined : found.flat();
}

/**
 * The longest time between two starts of a schedule, in seconds.
 * @returns nothing for a schedule that does not start on each day
 */
export function longestPause(cron: string): number | undefined {
  const [minute = '', hour = '', ...days] = cron.split(' ');
  const [minutes, hours] = [valuesOf(minute, 60), valuesOf(hour, 24)];
  if (!minutes || !hours || days.some((field) => field !== '*')) return undefined;
  const starts = hours.flatMap((at) => minutes.map((past) => at * 3600 + past * 60)).sort((one, other) => one - other);
  return Math.max(...starts.map((start, index) => (starts[index + 1] ?? starts[0]! + DAY) - start));
}

/** The longest time without data that Cloud Monitoring looks at, in seconds. */
const LONGEST_SILENCE = 23.5 * 3600;
const HOUR = 3600;

/**
 * How long nothing has succeeded when something is wrong, in seconds and whole minutes: the longest pause of a schedule, and one run.
 * @param lastingSeconds how long one run may take
 * @returns nothing for a schedule that is paused, or whose pauses are longer than Cloud Monitoring looks back
 */
export function silenceOf({ cron, timeZone, paused }: Recurrence, lastingSeconds: number): number | undefined {
  const pause = longestPause(cron);
  if (paused || pause === undefined) return undefined;
  // In spring, a start within the skipped hour is left out.
  const ofClock = timeZone === undefined || timeZone === 'UTC' ? 0 : HOUR;
  const silence = Math.ceil((pause + ofClock + lastingSeconds + 300) / 60) * 60;
  return silence > LONGEST_SILENCE ? undefined : silence;
}
