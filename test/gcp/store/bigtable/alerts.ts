import { incidentsOf, type Point } from '../../../support/cloud-monitoring';

const [MINUTE, HOUR, DAY] = [60, 3600, 24 * 3600];

/** The series that a policy watches, as the template names its resource. */
function watchedBy(policy: any, more: Readonly<Record<string, string>> = {}) {
  const equal = [...policy.conditions[0].condition_threshold.filter.matchAll(/([\w.]+) = "([^"]*)"/g)];
  return { ...Object.fromEntries(equal.map(([, label, value]) => [label, value])), ...more };
}

/** A value each minute of a day. */
function gauge(policy: any, value: (at: number) => number, more?: Readonly<Record<string, string>>): Point[] {
  const labels = watchedBy(policy, more);
  return Array.from({ length: DAY / MINUTE }, (_, minute) => ({ at: minute * MINUTE, value: value(minute * MINUTE), labels }));
}

/** Opens while a value is too high for long enough, and not at its limit, nor for a peak, nor for another instance. */
function opensAbove(most: number, tooHigh: number, minutes: number) {
  return (policy: any) => {
    const during = (from: number, to: number) => (at: number) => (at >= from && at < to ? tooHigh : most);
    expect(incidentsOf(policy, [], DAY)).toEqual([]);
    expect(
      incidentsOf(
        policy,
        gauge(policy, () => most),
        DAY,
      ),
    ).toEqual([]);
    expect(incidentsOf(policy, gauge(policy, during(HOUR, HOUR + (minutes - 1) * MINUTE)), DAY)).toEqual([]);
    expect(
      incidentsOf(
        policy,
        gauge(policy, () => tooHigh, { 'resource.labels.instance': 'other' }),
        DAY,
      ),
    ).toEqual([]);
    const [incident, ...others] = incidentsOf(policy, gauge(policy, during(HOUR, 4 * HOUR)), DAY);
    expect(others).toEqual([]);
    expect(incident!.opened).toBeLessThanOrEqual(HOUR + (minutes + 2) * MINUTE);
    expect(incident!.closed).toBeLessThanOrEqual(4 * HOUR + 2 * MINUTE);
  };
}

/** Requests that are answered with a code, once a second. */
function errors(policy: any, code: string, from: number, to: number): Point[] {
  const labels = watchedBy(policy, { 'metric.labels.error_code': code });
  return Array.from({ length: to - from }, (_, second) => ({ at: from + second, value: 1, labels }));
}

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'bigtable cpu_load': opensAbove(0.8, 0.85, 10),
  'bigtable cpu_load_hottest_node': opensAbove(0.9, 0.95, 15),
  'bigtable storage_utilization': opensAbove(0.7, 0.75, 10),
  // Three nodes are as many as there may be.
  'bigtable node_count': opensAbove(2, 3, 60),
  'bigtable error_count': (policy) => {
    const opened = (points: readonly Point[]) => incidentsOf(policy, points, DAY).map((one) => one.opened);
    expect(opened([])).toEqual([]);
    // Rows that go to the dead letter, and a conflict now and then.
    expect(opened(errors(policy, 'INVALID_ARGUMENT', 0, HOUR))).toEqual([]);
    expect(opened(errors(policy, 'UNAVAILABLE', HOUR, HOUR + 10))).toEqual([]);
    for (const code of ['RESOURCE_EXHAUSTED', 'UNAVAILABLE', 'PERMISSION_DENIED', 'NOT_FOUND']) {
      const [incident] = incidentsOf(policy, errors(policy, code, HOUR, 2 * HOUR), DAY);
      expect(incident!.opened).toBeLessThanOrEqual(HOUR + 2 * MINUTE);
      expect(incident!.closed).toBeLessThanOrEqual(2 * HOUR + 6 * MINUTE);
    }
  },
};
