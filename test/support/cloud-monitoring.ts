/** One point of a metric: when it was written, in seconds, its value, and the labels of its series. */
export interface Point {
  readonly at: number;
  readonly value: number;
  /** `metric.type`, `resource.labels.subscription_id`, `metric.labels.response_class` and the like. */
  readonly labels: Readonly<Record<string, string>>;
}

/** An incident: when it opened and closed, and when somebody was told that it is open, in seconds. */
export interface Incident {
  readonly opened: number;
  readonly closed?: number;
  readonly told: readonly number[];
}

/** How long a series must be silent before the time to auto-close begins. */
const SILENT = 15 * 60;
const MINUTE = 60;

/**
 * What an alert policy of a template with one threshold makes of points, by the rules that Google documents: each minute the
 * points of the last alignment period become one value, a condition is met when every value within the retest window violates,
 * and what is missing counts as the policy says.
 * https://cloud.google.com/monitoring/alerts/concepts-indepth
 * @throws Error on a policy that Google refuses
 */
export function incidentsOf(policy: any, points: readonly Point[], until: number): Incident[] {
  const { condition_threshold: threshold } = policy.conditions[0];
  const { alignment_period, per_series_aligner } = threshold.aggregations[0];
  const [period, window] = [seconds(alignment_period), seconds(threshold.duration)];
  const missing = threshold.evaluation_missing_data;
  if (period % MINUTE !== 0 || window % MINUTE !== 0) throw new Error('Periods are whole minutes.');
  if (missing !== undefined && window < MINUTE) throw new Error('Conditions that evaluate missing data must have a non-zero duration.');
  const [strategy] = policy.alert_strategy?.notification_channel_strategy ?? [];
  const again = strategy ? seconds(strategy.renotify_interval) : Number.POSITIVE_INFINITY;
  const parts = partsOf(threshold.filter);
  const ofFilter = (wanted: typeof parts) => points.filter(({ labels }) => fits(wanted, labels)).sort((one, other) => one.at - other.at);
  const seen = ofFilter(parts);
  const whole = threshold.denominator_filter === undefined ? undefined : ofFilter(partsOf(threshold.denominator_filter));

  const incidents: { opened: number; closed?: number; told: number[] }[] = [];
  let open: (typeof incidents)[number] | undefined;
  let since: number | undefined;
  let heard = 0;
  let [first, next] = [0, 0];
  for (let now = 0; now <= until; now += MINUTE) {
    while (next < seen.length && seen[next]!.at <= now) next++;
    while (first < next && seen[first]!.at <= now - period) first++;
    const values = seen.slice(first, next).map(({ value }) => value);
    if (values.length > 0) {
      heard = now;
      const all = whole?.filter(({ at }) => at <= now && at > now - period).reduce((sum, one) => sum + one.value, 0);
      const value = aligned(per_series_aligner, values) / (all ?? 1);
      since = value > threshold.threshold_value ? (since ?? now) : undefined;
    } else if (missing === 'EVALUATION_MISSING_DATA_INACTIVE' || !open) {
      since = undefined;
    }
    const isMet = since !== undefined && now - since >= window;
    const isForgotten = now - heard >= SILENT + seconds(policy.alert_strategy?.auto_close ?? '604800s');
    if (open && (!isMet || isForgotten)) {
      open.closed = now;
      [open, since] = [undefined, undefined];
    } else if (!open && isMet) {
      open = { opened: now, told: [now] };
      incidents.push(open);
    } else if (open && now - open.told.at(-1)! >= again) {
      open.told.push(now);
    }
  }
  return incidents;
}

/** One value of the points of an alignment period. A boolean is 1 or 0. */
function aligned(aligner: string, values: readonly number[]): number {
  if (aligner === 'ALIGN_DELTA') return values.reduce((sum, one) => sum + one, 0);
  return aligner === 'ALIGN_COUNT_FALSE' ? values.filter((value) => value === 0).length : Math.max(...values);
}

/** Whether a series is one that a filter asks for: `AND`, `=` and `!=` for texts, `>=` and `<` for numbers. */
function fits(parts: ReturnType<typeof partsOf>, labels: Readonly<Record<string, string>>): boolean {
  return parts.every(({ label, operator, value }) => {
    const found = labels[label];
    if (operator === '>=') return Number(found) >= Number(value);
    if (operator === '<') return Number(found) < Number(value);
    return (found === value) === (operator === '=');
  });
}

function partsOf(filter: string) {
  return filter.split(' AND ').map((part) => {
    const [, label, operator, value] = /^([\w.]+) (!?=) "(.*)"$/.exec(part) ?? /^([\w.]+) (>=|<) (\d+)$/.exec(part) ?? [];
    if (label === undefined) throw new Error(`The filter has a part that is not read here: ${part}`);
    return { label, operator, value };
  });
}

function seconds(duration: string): number {
  return Number(/^(\d+)s$/.exec(duration)![1]);
}
