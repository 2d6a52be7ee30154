import type { Resource } from './cdk';

/** What was measured in each minute, by the name of the metric. `undefined` is silence. */
export type Series = Readonly<Record<string, readonly (number | undefined)[]>>;
export type State = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

type Value = number | undefined;

/** How many more data points CloudWatch gets than it evaluates, for some may be missing. */
const EXTRA = 2;

/**
 * The state of an alarm after each minute, by the rules that CloudWatch documents: it looks once a minute at the periods that
 * end then. Where enough of the last points are there, the missing ones are left out; else each counts as the alarm says.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
export function statesOf({ Properties }: Resource, series: Series): State[] {
  const { EvaluationPeriods: N, DatapointsToAlarm: M = N, Threshold, ComparisonOperator, TreatMissingData = 'missing' } = Properties;
  const breaches = {
    GreaterThanOrEqualToThreshold: (value: number) => value >= Threshold,
    LessThanThreshold: (value: number) => value < Threshold,
    GreaterThanThreshold: (value: number) => value > Threshold,
  }[ComparisonOperator as string]!;
  const period = periodOf(Properties);
  const minutes = Math.max(...Object.values(series).map(({ length }) => length));
  let state: State = 'INSUFFICIENT_DATA';
  return Array.from({ length: minutes }, (_, minute) => {
    const range = Array.from({ length: N + EXTRA }, (_, back) => valueAt(Properties, series, minute + 1 - back * period, period));
    const real = range.filter((value) => value !== undefined);
    const points =
      real.length >= N
        ? real.slice(0, N).map(breaches)
        : range.slice(0, N).map((value) => (value === undefined ? TreatMissingData : breaches(value)));
    const breaching = points.filter((point) => point === true || point === 'breaching').length;
    if (real.length === 0 && TreatMissingData === 'missing') state = 'INSUFFICIENT_DATA';
    else if (!(real.length === 0 && TreatMissingData === 'ignore')) state = breaching >= M ? 'ALARM' : 'OK';
    return state;
  });
}

/** The names of the metrics of an alarm. */
export function metricsOf({ Properties }: Resource): string[] {
  return Properties.MetricName ? [Properties.MetricName] : statsOf(Properties).map(({ MetricStat }) => MetricStat.Metric.MetricName);
}

interface Query {
  readonly Id: string;
  readonly Expression?: string;
  readonly MetricStat: { readonly Period: number; readonly Stat: string; readonly Metric: { readonly MetricName: string } };
}

function statsOf(properties: Resource['Properties']): Query[] {
  return (properties.Metrics as Query[]).filter(({ MetricStat }) => MetricStat);
}

/** In minutes. */
function periodOf(properties: Resource['Properties']): number {
  return (properties.Period ?? statsOf(properties)[0]!.MetricStat.Period) / 60;
}

/** The data point of the period that ends before a minute. */
function valueAt(properties: Resource['Properties'], series: Series, end: number, period: number): Value {
  const statistic = (metric: string, stat: string, until = end) => {
    const values = (series[metric] ?? []).slice(Math.max(0, until - period), Math.max(0, until)).filter((value) => value !== undefined);
    if (values.length === 0) return undefined;
    if (stat === 'Maximum') return Math.max(...values);
    // What is counted by its samples is given as how many there are.
    return values.reduce((sum, value) => sum + value, 0);
  };
  if (properties.MetricName) return statistic(properties.MetricName, properties.Statistic);
  const valuesAt = (until: number) =>
    new Map(statsOf(properties).map(({ Id, MetricStat }) => [Id, statistic(MetricStat.Metric.MetricName, MetricStat.Stat, until)]));
  const { Expression } = (properties.Metrics as Query[]).find((query) => query.Expression)!;
  return new Expressions(Expression!, valuesAt(end), valuesAt(end - period)).value();
}

/** The part of metric math that alarms of this project use. What is calculated with a missing value is missing. */
class Expressions {
  private readonly tokens: string[];

  constructor(
    expression: string,
    private readonly metrics: ReadonlyMap<string, Value>,
    /** The values of the period before. */
    private readonly before: ReadonlyMap<string, Value>,
  ) {
    this.tokens = expression.match(/[A-Za-z_]\w*|\d+(\.\d+)?|[><=]=|[-+*/><(),]/g)!;
  }

  value(): Value {
    const value = this.operation(0);
    if (this.tokens.length > 0) throw new Error(`not metric math, as far as it is known here: ${this.tokens.join(' ')}`);
    return value;
  }

  private operation(level: number): Value {
    const operators = LEVELS[level];
    if (!operators) return this.operand();
    let left = this.operation(level + 1);
    for (let operator = operators[this.tokens[0] ?? '']; operator; operator = operators[this.tokens[0] ?? '']) {
      this.tokens.shift();
      const right = this.operation(level + 1);
      left = left === undefined || right === undefined ? undefined : operator(left, right);
    }
    return left;
  }

  private operand(): Value {
    const token = this.tokens.shift()!;
    if (token === '(') return this.closed(this.operation(0));
    if (this.tokens[0] === '(') return this.call(token);
    if (/^\d/.test(token)) return Number(token);
    if (!this.metrics.has(token)) throw new Error(`no metric is called ${token}`);
    return this.metrics.get(token);
  }

  private call(name: string): Value {
    const earlier = this.before.get(this.tokens[1]!);
    const values: Value[] = [];
    do {
      this.tokens.shift();
      values.push(this.operation(0));
    } while (this.tokens[0] === ',');
    const [first, second, third] = values;
    if (name === 'DIFF') return this.closed(first === undefined || earlier === undefined ? undefined : first - earlier);
    if (name === 'FILL') return this.closed(first ?? second);
    if (name === 'IF') return this.closed(first === undefined ? undefined : first ? second : third);
    throw new Error(`not metric math, as far as it is known here: ${name}`);
  }

  private closed(value: Value): Value {
    if (this.tokens.shift() !== ')') throw new Error('a bracket is missing');
    return value;
  }
}

const LEVELS: readonly Readonly<Record<string, (left: number, right: number) => number>>[] = [
  { AND: (a, b) => Number(a !== 0 && b !== 0), OR: (a, b) => Number(a !== 0 || b !== 0) },
  {
    '==': (a, b) => Number(a === b),
    '>=': (a, b) => Number(a >= b),
    '<=': (a, b) => Number(a <= b),
    '>': (a, b) => Number(a > b),
    '<': (a, b) => Number(a < b),
  },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => a / b },
];
