import { incidentsOf, type Point } from '../../../support/cloud-monitoring';

const [MINUTE, HOUR, DAY] = [60, 3600, 24 * 3600];

/** Runs that end in a state, at these times. */
function runs(policy: any, state: string, times: readonly number[]): Point[] {
  const { filter } = policy.conditions[0].condition_threshold;
  const equal = [...filter.matchAll(/([\w.]+) = "((?:[^"$]|\$\{[^}]*\})*)"/g)].map(([, label, value]) => [label, value]);
  const labels = { ...Object.fromEntries(equal), 'metric.labels.completion_state': state };
  return times.map((at) => ({ at, value: 1, labels }));
}

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'failed runs': (policy) => {
    const opened = (points: readonly Point[]) => incidentsOf(policy, points, DAY).map((one) => one.opened);
    const hourly = Array.from({ length: 24 }, (_, hour) => hour * HOUR);
    expect(opened([])).toEqual([]);
    expect(opened(runs(policy, 'SUCCEEDED', hourly))).toEqual([]);
    // Two runs fail, some hours apart: each is told.
    expect(opened(runs(policy, 'FAILED', [HOUR, 5 * HOUR]))).toEqual([HOUR + MINUTE, 5 * HOUR + MINUTE]);
  },
  // Cloud Monitoring itself counts the time without data, and must not close the incident because there is none.
  'no successful runs': (policy) => {
    expect(policy.conditions[0].condition_absent.duration).toBe(`${2 * HOUR}s`);
    expect(policy.alert_strategy.auto_close).toBe(`${7 * DAY}s`);
  },
};
