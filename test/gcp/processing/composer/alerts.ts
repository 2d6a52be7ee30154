import { incidentsOf, type Point } from '../../../support/cloud-monitoring';

const [MINUTE, HOUR, DAY] = [60, 3600, 24 * 3600];

/** Points of the series that the filter of a policy asks for. */
function points(
  policy: any,
  values: readonly (readonly [at: number, value: number])[],
  other: Readonly<Record<string, string>> = {},
): Point[] {
  const { filter } = policy.conditions[0].condition_threshold;
  const equal = [...filter.matchAll(/([\w.]+) = "([^"]*)"/g)].map(([, label, value]) => [label, value]);
  return values.map(([at, value]) => ({ at, value, labels: { ...Object.fromEntries(equal), ...other } }));
}

export const scenarios: Readonly<Record<string, (policy: any) => void>> = {
  'environment/healthy is false': (policy) => {
    const opened = (sick: (minute: number) => boolean) => {
      const values = Array.from({ length: DAY / MINUTE }, (_, minute) => [minute * MINUTE, sick(minute) ? 0 : 1] as const);
      return incidentsOf(policy, points(policy, values), DAY).map((one) => one.opened);
    };
    expect(opened(() => false)).toEqual([]);
    // A test of Composer fails now and then, or for four minutes.
    expect(opened((minute) => minute % 10 === 0)).toEqual([]);
    expect(opened((minute) => minute >= 60 && minute < 64)).toEqual([]);
    // It fails for an hour: somebody knows after ten minutes.
    expect(opened((minute) => minute >= 60 && minute < 120)).toEqual([HOUR + 9 * MINUTE]);
  },
  'run_count failed': (policy) => {
    const opened = (times: readonly number[], state: string) => {
      const made = points(
        policy,
        times.map((at) => [at, 1] as const),
        { 'metric.labels.state': state },
      );
      return incidentsOf(policy, made, DAY).map((one) => one.opened);
    };
    expect(opened([HOUR, 2 * HOUR], 'success')).toEqual([]);
    // Two fail, some hours apart: each is told.
    expect(opened([HOUR, 5 * HOUR], 'failed')).toEqual([HOUR + MINUTE, 5 * HOUR + MINUTE]);
  },
};
