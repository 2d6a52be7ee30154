import { incidentsOf, type Point } from '../../../support/cloud-monitoring';

const [MINUTE, HOUR, DAY] = [60, 3600, 24 * 3600];

function labelsOf(policy: any): Record<string, string> {
  const { filter } = policy.conditions[0].condition_threshold;
  return Object.fromEntries([...filter.matchAll(/([\w.]+) = "([^"]*)"/g)].map(([, label, value]) => [label, value]));
}

/** A share of the capacity, each minute. */
function share(policy: any, value: number, from: number, to: number): Point[] {
  const labels = labelsOf(policy);
  return Array.from({ length: (to - from) / MINUTE }, (_, minute) => ({ at: from + minute * MINUTE, value, labels }));
}

/** Nothing happens below a share, nor if it is exceeded for ten minutes. After that, somebody is told until it ends. */
const above = (most: number) => (policy: any) => {
  const opened = (points: readonly Point[]) => incidentsOf(policy, points, DAY).map((one) => one.opened);
  expect(opened([])).toEqual([]);
  expect(opened(share(policy, most, 0, DAY))).toEqual([]);
  expect(opened([...share(policy, 1, HOUR, HOUR + 10 * MINUTE), ...share(policy, 0.1, HOUR + 10 * MINUTE, 2 * HOUR)])).toEqual([]);
  const long = [...share(policy, most + 0.01, HOUR, 3 * HOUR), ...share(policy, 0.1, 3 * HOUR, 4 * HOUR)];
  const [incident, ...others] = incidentsOf(policy, long, DAY);
  expect(others).toEqual([]);
  expect(incident!.opened).toBeLessThanOrEqual(HOUR + 16 * MINUTE);
  expect(incident!.closed).toBeLessThanOrEqual(3 * HOUR + 2 * MINUTE);
};

/** Requests that are answered with a status, once a second. */
function answers(policy: any, status: string, from: number, to: number, more: Readonly<Record<string, string>> = {}): Point[] {
  const labels = { ...labelsOf(policy), 'metric.labels.status': status, ...more };
  return Array.from({ length: to - from }, (_, second) => ({ at: from + second, value: 1, labels }));
}

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'cpu utilization of high priority': (policy) => {
    above(0.65)(policy);
    expect(policy.conditions[0].condition_threshold.aggregations[0]).toMatchObject({
      cross_series_reducer: 'REDUCE_SUM',
      group_by_fields: ['resource.label.location'],
    });
  },
  'cpu smoothed_utilization': above(0.9),
  'storage utilization': above(0.8),
  'spanner api_request_count': (policy) => {
    const opened = (points: readonly Point[]) => incidentsOf(policy, points, DAY).map((one) => one.opened);
    expect(opened([])).toEqual([]);
    // Events that come twice, commits that are tried again, and rows that go to the dead letter.
    for (const status of ['OK', 'ALREADY_EXISTS', 'ABORTED', 'INVALID_ARGUMENT'])
      expect(opened(answers(policy, status, 0, HOUR))).toEqual([]);
    // Another database of the instance has its own alert.
    expect(opened(answers(policy, 'UNAVAILABLE', HOUR, 2 * HOUR, { 'metric.labels.database': 'other' }))).toEqual([]);
    // A server that is replaced now and then.
    expect(opened(answers(policy, 'UNAVAILABLE', HOUR, HOUR + 10))).toEqual([]);
    for (const status of ['RESOURCE_EXHAUSTED', 'UNAVAILABLE', 'PERMISSION_DENIED']) {
      const [incident] = incidentsOf(policy, answers(policy, status, HOUR, 2 * HOUR), DAY);
      expect(incident!.opened).toBeLessThanOrEqual(HOUR + 2 * MINUTE);
      expect(incident!.closed).toBeLessThanOrEqual(2 * HOUR + 6 * MINUTE);
    }
  },
};
