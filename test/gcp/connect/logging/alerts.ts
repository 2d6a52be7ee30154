import { incidentsOf, type Point } from '../../../support/cloud-monitoring';

const [MINUTE, HOUR, DAY] = [60, 3600, 24 * 3600];

/** Entries that a sink counts, at these times. */
function counted(policy: any, times: readonly number[], value = 1): Point[] {
  const { filter } = policy.conditions[0].condition_threshold;
  const labels = Object.fromEntries([...filter.matchAll(/([\w.]+) = "([^"]*)"/g)].map(([, label, text]) => [label, text]));
  return times.map((at) => ({ at, value, labels }));
}
const minutes = (from: number, to: number) => Array.from({ length: (to - from) / MINUTE }, (_, minute) => from + minute * MINUTE);

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'exports/error_count': (policy) => {
    expect(incidentsOf(policy, [], DAY)).toEqual([]);
    expect(incidentsOf(policy, counted(policy, minutes(0, DAY), 0), DAY)).toEqual([]);
    // Somebody takes the permission away for an hour, and later one entry is too large: each is told once.
    const denied = counted(policy, minutes(HOUR, 2 * HOUR), 500);
    const incidents = incidentsOf(policy, [...denied, ...counted(policy, [5 * HOUR])], DAY);
    expect(incidents.map(({ opened, told }) => [opened, told.length])).toEqual([
      [HOUR + MINUTE, 1],
      [5 * HOUR + MINUTE, 1],
    ]);
    expect(incidents[0]!.closed).toBeLessThanOrEqual(2 * HOUR + 5 * MINUTE);
  },
  // Cloud Monitoring itself counts the time without data.
  'exports/log_entry_count is absent': (policy) => {
    const seconds = Number.parseInt(policy.conditions[0].condition_absent.duration, 10);
    // A point is seen 7 minutes late at the latest, and a condition looks back 23.5 hours.
    expect(seconds).toBeGreaterThan(2 * 7 * MINUTE);
    expect(seconds).toBeLessThanOrEqual(23.5 * HOUR);
  },
};
