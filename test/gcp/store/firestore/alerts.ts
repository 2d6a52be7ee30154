import { incidentsOf, type Point } from '../../../support/cloud-monitoring';

const [MINUTE, HOUR, DAY] = [60, 3600, 24 * 3600];

/** Requests that are answered with a code, once a second. */
function answers(policy: any, code: string, from: number, to: number): Point[] {
  const { filter } = policy.conditions[0].condition_threshold;
  const equal = [...filter.matchAll(/([\w.]+) = "([^"]*)"/g)].map(([, label, value]) => [label, value]);
  const labels = { ...Object.fromEntries(equal), 'metric.labels.response_code': code };
  return Array.from({ length: to - from }, (_, second) => ({ at: from + second, value: 1, labels }));
}

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'firestore request_count': (policy) => {
    const opened = (points: readonly Point[]) => incidentsOf(policy, points, DAY).map((one) => one.opened);
    expect(opened([])).toEqual([]);
    // Events that come twice, look-ups of nothing, and rows that go to the dead letter.
    for (const code of ['OK', 'ALREADY_EXISTS', 'NOT_FOUND', 'INVALID_ARGUMENT'])
      expect(opened(answers(policy, code, 0, HOUR))).toEqual([]);
    // A conflict now and then passes.
    expect(opened(answers(policy, 'ABORTED', HOUR, HOUR + 10))).toEqual([]);
    for (const code of ['RESOURCE_EXHAUSTED', 'UNAVAILABLE', 'PERMISSION_DENIED']) {
      const [incident] = incidentsOf(policy, answers(policy, code, HOUR, 2 * HOUR), DAY);
      expect(incident!.opened).toBeLessThanOrEqual(HOUR + 2 * MINUTE);
      expect(incident!.closed).toBeLessThanOrEqual(2 * HOUR + 6 * MINUTE);
    }
  },
};
