import { incidentsOf, type Point } from '../../../support/cloud-monitoring';

const [MINUTE, HOUR, DAY] = [60, 3600, 24 * 3600];

/** Executions that end with a status, at these times. */
function executions(policy: any, status: string, times: readonly number[]): Point[] {
  const { filter } = policy.conditions[0].condition_threshold;
  const equal = [...filter.matchAll(/([\w.]+) = "([^"]*)"/g)].map(([, label, value]) => [label, value]);
  return times.map((at) => ({ at, value: 1, labels: { ...Object.fromEntries(equal), 'metric.labels.status': status } }));
}

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'finished_execution_count FAILED': (policy) => {
    const opened = (points: readonly Point[]) => incidentsOf(policy, points, DAY).map((one) => one.opened);
    expect(opened([])).toEqual([]);
    expect(opened(executions(policy, 'SUCCEEDED', [HOUR, 2 * HOUR, 3 * HOUR]))).toEqual([]);
    // Somebody cancels one.
    expect(opened(executions(policy, 'CANCELLED', [HOUR]))).toEqual([]);
    // Two fail, some hours apart: each is told.
    expect(opened(executions(policy, 'FAILED', [HOUR, 5 * HOUR]))).toEqual([HOUR + MINUTE, 5 * HOUR + MINUTE]);
  },
  // Cloud Monitoring itself counts the time without data, and must not close the incident because there is none.
  'finished_execution_count SUCCEEDED is absent': (policy) => {
    const [{ condition_absent: absent }] = policy.conditions;
    // Every three hours, one starts that may take an hour. One that succeeds at the end of its time is no silence, one that is missing is.
    const [latest, missing] = [3 * HOUR + HOUR, 6 * HOUR];
    expect(Number.parseInt(absent.duration, 10)).toBeGreaterThan(latest);
    expect(Number.parseInt(absent.duration, 10)).toBeLessThan(missing);
    // One that fails is not a sign of life.
    expect(absent.filter).toMatch(/metric\.labels\.status = "SUCCEEDED"$/);
    expect(policy.alert_strategy.auto_close).toBe(`${7 * DAY}s`);
  },
};
