import { incidentsOf, type Point } from '../../../support/cloud-monitoring';

const [MINUTE, HOUR, DAY] = [60, 3600, 24 * 3600];

/** The labels of the series that a policy watches. */
function labelsOf(policy: any): Record<string, string> {
  const { filter } = policy.conditions[0].condition_threshold;
  const equal = [...filter.matchAll(/([\w.]+) = "((?:[^"$]|\$\{[^}]*\})*)"/g)];
  return Object.fromEntries(equal.map(([, label, value]) => [label, value]));
}

/** Deadlines that expire once a minute, from one time to another. */
const expiries = (policy: any, from: number, to: number): Point[] =>
  Array.from({ length: (to - from) / MINUTE }, (_, minute) => ({ at: from + minute * MINUTE, value: 1, labels: labelsOf(policy) }));
const opened = (policy: any, points: readonly Point[]) => incidentsOf(policy, points, DAY).map((one) => one.opened);

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  // A subscription that is pulled.
  expired_ack_deadlines_count: (policy) => {
    expect(opened(policy, [])).toEqual([]);
    // One instance is killed, with all that it has open, and a second one ten hours later.
    expect(opened(policy, [...expiries(policy, HOUR, HOUR + MINUTE), ...expiries(policy, 11 * HOUR, 11 * HOUR + MINUTE)])).toEqual([]);
    // Instances hang, or end again and again.
    const [first, ...others] = opened(policy, expiries(policy, HOUR, 3 * HOUR));
    expect(others).toEqual([]);
    expect(first! - HOUR).toBeGreaterThanOrEqual(20 * MINUTE);
    expect(first! - HOUR).toBeLessThanOrEqual(40 * MINUTE);
    // Those of another subscription.
    const other = expiries(policy, HOUR, 3 * HOUR).map((point) => ({
      ...point,
      labels: { ...point.labels, 'resource.labels.subscription_id': 'x' },
    }));
    expect(opened(policy, other)).toEqual([]);
  },
  // Lines of Google's autoscaler, release 1.2.
  'the autoscaler does not scale': (policy) => {
    const texts = [...policy.conditions[0].condition_matched_log.filter.matchAll(/textPayload : "([^"]*)"/g)].map(([, text]) => text);
    const rings = (line: string) => texts.some((text) => line.includes(text));
    const denied = 'rpc error: code = PermissionDenied';
    expect(rings(`[ERROR] [METRIC-PROVIDER] Unable to refresh metrics: failed to retrieve any metrics for scaling`)).toBe(true);
    expect(rings(`[ERROR] [METRIC-PROVIDER] Unable to refresh metrics: error creating scaler: ${denied}`)).toBe(true);
    expect(rings('[WARNING] [SCALER] Unexpected exception getting scaling result for projects/p/locations/l/workerPools/w')).toBe(true);
    expect(rings('[INFO] [METRIC-PROVIDER] Starting metric collection cycle')).toBe(false);
    expect(rings('[INFO] [SCALER] Recommended instances for projects/p/locations/l/workerPools/w: 4')).toBe(false);
    // The new number of instances is set, and only its operation cannot be read.
    expect(rings('[WARNING] [SCALER] Failed to scale projects/p/locations/l/workerPools/w')).toBe(false);
  },
  // Cloud Monitoring itself counts the time without data.
  'billable_instance_time is absent': (policy) => {
    expect(policy.conditions[0].condition_absent.duration).toBe('900s');
    expect(policy.conditions[0].condition_absent.aggregations[0].per_series_aligner).toBe('ALIGN_DELTA');
  },
};
