import { incidentsOf, type Point } from '../../../support/cloud-monitoring';

const [MINUTE, HOUR, DAY] = [60, 3600, 24 * 3600];

/** Requests with an answer, so many each minute. */
function requests(policy: any, code: number, count: number, from = 0, to = DAY): Point[] {
  const { filter } = policy.conditions[0].condition_threshold;
  const equal = [...filter.matchAll(/([\w.]+) = "((?:[^"$]|\$\{(?:[^}"]|"[^"]*")*\})*)"/g)].map(([, name, found]) => [name, found]);
  const labels = { ...Object.fromEntries(equal), 'metric.labels.response_code': String(code) };
  return Array.from({ length: (to - from) / MINUTE }, (_, minute) => ({ at: from + minute * MINUTE, value: count, labels }));
}

const opened = (policy: any, points: readonly Point[]) => incidentsOf(policy, points, DAY).map((one) => one.opened);

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'entry 5xx': (policy) => {
    expect(opened(policy, [])).toEqual([]);
    expect(opened(policy, [...requests(policy, 204, 1000), ...requests(policy, 429, 1000)])).toEqual([]);
    // Pub/Sub fails for a moment: callers send again.
    expect(opened(policy, requests(policy, 503, 5, HOUR, HOUR + MINUTE))).toEqual([]);
    expect(opened(policy, requests(policy, 503, 5, HOUR, 2 * HOUR))).toEqual([HOUR + 3 * MINUTE]);
    expect(opened(policy, requests(policy, 500, 5, HOUR, 2 * HOUR))).toEqual([HOUR + 3 * MINUTE]);
  },
  'entry share of 4xx': (policy) => {
    const callers = requests(policy, 204, 100);
    expect(opened(policy, callers)).toEqual([]);
    // Some callers are refused all the time.
    expect(opened(policy, [...callers, ...requests(policy, 401, 10)])).toEqual([]);
    // An update broke a fifth of the callers.
    const broken = incidentsOf(policy, [...callers, ...requests(policy, 400, 20, HOUR, 3 * HOUR)], DAY);
    expect(broken).toHaveLength(1);
    expect(broken[0]!.opened).toBeLessThan(HOUR + 21 * MINUTE);
  },
  // Cloud Monitoring itself counts the time without data.
  'entry accepts nothing': (policy) => {
    expect(policy.conditions[0].condition_absent.duration).toBe(`${HOUR}s`);
    expect(policy.conditions[0].condition_absent.filter).toMatch(/response_code >= 200 AND metric\.labels\.response_code < 300$/);
  },
};
