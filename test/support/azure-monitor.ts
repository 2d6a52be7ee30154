import { runQuery } from './kusto';

/** What a metric was in each minute, by its name, or by name and one dimension: `IncomingMessages{events}`. No value is no data. */
export type Series = Readonly<Record<string, Readonly<Record<number, number>>>>;

/** Rows of a table of Log Analytics, each with the minute it is from. */
export type Logs = Readonly<Record<string, readonly Readonly<Record<string, unknown> & { minute: number }>[]>>;

interface Criterion {
  readonly metric_name: string;
  readonly aggregation: 'Total' | 'Count' | 'Average' | 'Minimum' | 'Maximum';
  readonly operator: 'GreaterThan' | 'LessThanOrEqual';
  readonly threshold: number;
  readonly dimension?: readonly { readonly operator: 'Include'; readonly values: readonly string[] }[];
}

interface MetricAlert {
  readonly window_size: string;
  readonly frequency: string;
  readonly criteria: readonly Criterion[];
}

interface LogAlert {
  readonly window_duration: string;
  readonly evaluation_frequency: string;
  readonly criteria: readonly [{ readonly query: string; readonly threshold: number }];
}

/**
 * The minutes in which an alert rule on metrics with static thresholds finds its condition met. Every `frequency`, each
 * criterion is held against what its metric was over the last `window_size`, and all must be met. A criterion without any
 * data in the window is not met: a rule on what is no longer reported stays silent.
 * @see https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-types#metric-alerts
 */
export function ringsOnMetrics(alert: MetricAlert, series: Series, until: number): number[] {
  return looks(alert.frequency, until).filter((now) =>
    alert.criteria.every((criterion) => isMet(criterion, series, now, minutesOf(alert.window_size))),
  );
}

/**
 * The minutes in which a rule that counts the rows of a query finds more than its threshold. The query sees the rows of the
 * last `window_duration`.
 * @see https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-types#log-search-alerts
 */
export function ringsOnLogs(alert: LogAlert, logs: Logs, until: number): number[] {
  const window = minutesOf(alert.window_duration);
  const [{ query, threshold }] = alert.criteria;
  return looks(alert.evaluation_frequency, until).filter((now) => {
    const seen = Object.entries(logs).map(([table, rows]) => [table, rows.filter(({ minute }) => minute > now - window && minute <= now)]);
    return runQuery(query, Object.fromEntries(seen), now).length > threshold;
  });
}

function isMet(
  { metric_name, aggregation, operator, threshold, dimension }: Criterion,
  series: Series,
  now: number,
  window: number,
): boolean {
  const names = dimension ? dimension.flatMap(({ values }) => values.map((value) => `${metric_name}{${value}}`)) : [metric_name];
  // Each value of a dimension is a series of its own, and one that breaks the threshold is enough.
  return names.some((name) => {
    const points = Object.entries(series[name] ?? {}).filter(([minute]) => Number(minute) > now - window && Number(minute) <= now);
    if (points.length === 0) return false;
    const worth = aggregated(
      aggregation,
      points.map(([, value]) => value),
    );
    return operator === 'GreaterThan' ? worth > threshold : worth <= threshold;
  });
}

function aggregated(how: Criterion['aggregation'], values: readonly number[]): number {
  const total = values.reduce((sum, value) => sum + value, 0);
  if (how === 'Minimum') return Math.min(...values);
  if (how === 'Maximum') return Math.max(...values);
  return how === 'Average' ? total / values.length : total;
}

function looks(frequency: string, until: number): number[] {
  const every = minutesOf(frequency);
  return Array.from({ length: Math.floor(until / every) }, (_, index) => (index + 1) * every);
}

/** `PT15M` in minutes. */
function minutesOf(span: string): number {
  const [, hours = 0, minutes = 0] = /^PT(?:(\d+)H)?(?:(\d+)M)?$/.exec(span) ?? [];
  return Number(hours) * 60 + Number(minutes);
}
