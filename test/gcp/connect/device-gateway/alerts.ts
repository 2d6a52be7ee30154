import { incidentsOf, type Point } from '../../../support/cloud-monitoring';

const [MINUTE, HOUR, DAY] = [60, 3600, 24 * 3600];

/** Requests or publishes with an answer, so many each minute. */
function answers(policy: any, label: string, value: string, count: number, from: number, to: number): Point[] {
  const { filter } = policy.conditions[0].condition_threshold;
  const equal = [...filter.matchAll(/([\w.]+) = "((?:[^"$]|\$\{(?:[^}"]|"[^"]*")*\})*)"/g)].map(([, name, found]) => [name, found]);
  const labels = { ...Object.fromEntries(equal), [label]: value };
  return Array.from({ length: (to - from) / MINUTE }, (_, minute) => ({ at: from + minute * MINUTE, value: count, labels }));
}

const CLASS = 'metric.labels.response_code_class';
const opened = (policy: any, points: readonly Point[]) => incidentsOf(policy, points, DAY).map((one) => one.opened);

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'gateway 5xx': (policy) => {
    const requests = (kind: string, count: number, from: number, to: number) => answers(policy, CLASS, kind, count, from, to);
    expect(opened(policy, [])).toEqual([]);
    expect(opened(policy, [...requests('2xx', 1000, 0, DAY), ...requests('4xx', 1000, 0, DAY)])).toEqual([]);
    // Pub/Sub fails for a moment: devices send again.
    expect(opened(policy, requests('5xx', 5, HOUR, HOUR + MINUTE))).toEqual([]);
    expect(opened(policy, requests('5xx', 5, HOUR, 2 * HOUR))).toEqual([HOUR + 3 * MINUTE]);
  },
  'gateway share of 4xx': (policy) => {
    const requests = (kind: string, count: number, from = 0, to = DAY) => answers(policy, CLASS, kind, count, from, to);
    const fleet = requests('2xx', 100);
    expect(opened(policy, fleet)).toEqual([]);
    // Some devices of the fleet are refused all the time.
    expect(opened(policy, [...fleet, ...requests('4xx', 10)])).toEqual([]);
    // A scanner for some minutes.
    expect(opened(policy, [...fleet, ...requests('4xx', 1000, HOUR, HOUR + 8 * MINUTE)])).toEqual([]);
    // An update broke a fifth of the fleet.
    const broken = incidentsOf(policy, [...fleet, ...requests('4xx', 20, HOUR, 3 * HOUR)], DAY);
    expect(broken).toHaveLength(1);
    expect(broken[0]!.opened).toBeLessThan(HOUR + 21 * MINUTE);
    expect(broken[0]!.closed).toBeLessThan(3 * HOUR + 6 * MINUTE);
  },
  'gateway publishes that fail': (policy) => {
    const publishes = (code: string, count: number, from: number, to: number) =>
      answers(policy, 'metric.labels.response_code', code, count, from, to);
    expect(opened(policy, publishes('success', 1000, 0, DAY))).toEqual([]);
    expect(opened(policy, publishes('unavailable', 5, HOUR, HOUR + MINUTE))).toEqual([]);
    expect(opened(policy, publishes('permission_denied', 5, HOUR, 2 * HOUR))).toEqual([HOUR + 3 * MINUTE]);
  },
  // Cloud Monitoring itself counts the time without data.
  'gateway accepts nothing': (policy) => {
    expect(policy.conditions[0].condition_absent.duration).toBe(`${HOUR}s`);
    expect(policy.conditions[0].condition_absent.filter).toMatch(/response_code_class = "2xx"$/);
  },
};
