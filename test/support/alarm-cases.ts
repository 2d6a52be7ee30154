import type { Series } from './cloudwatch';

/** A case of an alarm, its metrics, and the first minute in which the alarm is raised. */
type Case = readonly [what: string, series: Series, rings: number | 'never'];
/** The cases of each alarm, by its metrics. `alarms.ts` beside the tests of a service exports those of its alarms as `cases`. */
export type Cases = Readonly<Record<string, readonly Case[]>>;

const HOUR = 60;
/** A value each so many minutes, for three hours. */
export const every = (minutes: number, value: number | undefined, length = 3 * HOUR) =>
  Array.from({ length }, (_, minute) => (minute % minutes === 0 ? value : undefined));
export const always = (value: number | undefined, length?: number) => every(1, value, length);
/** A value from one minute on, and another value before it. */
export const from = (start: number, after: number | undefined, before: number | undefined, length = 3 * HOUR) =>
  Array.from({ length }, (_, minute) => (minute < start ? before : after));
export const once = (at: number, value: number, otherwise?: number) =>
  from(at, otherwise, otherwise).map((one, minute) => (minute === at ? value : one));
