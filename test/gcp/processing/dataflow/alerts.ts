import { incidentsOf, type Point } from '../../../support/cloud-monitoring';

const [MINUTE, HOUR, DAY] = [60, 3600, 24 * 3600];

/** The labels of the series that a policy watches. */
function labelsOf(policy: any): Record<string, string> {
  const { filter } = policy.conditions[0].condition_threshold;
  const equal = [...filter.matchAll(/([\w.]+) = "((?:[^"$]|\$\{[^}]*\})*)"/g)];
  return Object.fromEntries(equal.map(([, label, value]) => [label, value]));
}

/** A value each minute. */
function gauge(policy: any, until: number, value: (at: number) => number): Point[] {
  const labels = labelsOf(policy);
  return Array.from({ length: until / MINUTE }, (_, minute) => minute * MINUTE).map((at) => ({ at, value: value(at), labels }));
}

const opened = (policy: any, points: readonly Point[]) => incidentsOf(policy, points, DAY).map((one) => one.opened);

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'Dataflow failed': (policy) => {
    expect(opened(policy, [])).toEqual([]);
    expect(
      opened(
        policy,
        gauge(policy, DAY, () => 0),
      ),
    ).toEqual([]);
    expect(
      opened(
        policy,
        gauge(policy, 2 * HOUR, (at) => (at < HOUR ? 0 : 1)),
      ),
    ).toEqual([HOUR + MINUTE]);
    // The job ends with its failure, and no point comes after that.
    expect(
      opened(
        policy,
        gauge(policy, HOUR + MINUTE, (at) => (at < HOUR ? 0 : 1)),
      ),
    ).toEqual([HOUR + MINUTE]);
  },
  'Dataflow is slow': (policy) => {
    expect(
      opened(
        policy,
        gauge(policy, DAY, () => 20),
      ),
    ).toEqual([]);
    // A worker starts: four minutes.
    expect(
      opened(
        policy,
        gauge(policy, DAY, (at) => (at >= HOUR && at < HOUR + 4 * MINUTE ? 400 : 20)),
      ),
    ).toEqual([]);
    // BigQuery refuses rows for an hour.
    expect(
      opened(
        policy,
        gauge(policy, DAY, (at) => (at >= HOUR && at < 2 * HOUR ? at - HOUR : 20)),
      ),
    ).toEqual([HOUR + 11 * MINUTE]);
  },
  'Dataflow is late': (policy) => {
    expect(
      opened(
        policy,
        gauge(policy, DAY, () => 60),
      ),
    ).toEqual([]);
    // An update takes eight minutes.
    expect(
      opened(
        policy,
        gauge(policy, DAY, (at) => (at >= HOUR && at < HOUR + 8 * MINUTE ? at - HOUR : 60)),
      ),
    ).toEqual([]);
    expect(
      opened(
        policy,
        gauge(policy, DAY, (at) => (at >= HOUR ? at - HOUR : 60)),
      ),
    ).toEqual([HOUR + 16 * MINUTE]);
  },
  // Cloud Monitoring itself counts the time without data.
  'Dataflow does not run': (policy) => {
    expect(policy.conditions[0].condition_absent.duration).toBe('1800s');
    expect(policy.conditions[0].condition_absent.aggregations[0].per_series_aligner).toBe('ALIGN_MAX');
  },
  // Cloud Monitoring itself reads the lines of a log, and counts the time without data.
  'Dataflow run failed': (policy) => {
    const { filter } = policy.conditions[0].condition_matched_log;
    expect(filter).toContain('log_id("dataflow.googleapis.com/job-message") AND severity >= ERROR AND textPayload : "Workflow failed"');
    expect(filter).toMatch(/resource\.labels\.job_name = "[^"]+"/);
  },
  'Dataflow dead letter': (policy) => {
    const row = (at: number, more = {}) => ({ at, value: 1, labels: { ...labelsOf(policy), ...more } });
    expect(opened(policy, [])).toEqual([]);
    // Rows of events, in another table of the dataset.
    expect(opened(policy, [row(HOUR, { 'metric.labels.table': 'events' })])).toEqual([]);
    // Two messages fail, some hours apart: each is told.
    expect(opened(policy, [row(HOUR), row(5 * HOUR)])).toEqual([HOUR + MINUTE, 5 * HOUR + MINUTE]);
  },
};
