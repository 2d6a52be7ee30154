import { unbase64 } from '../../../shared/read/base64';
import { factsOf } from '../../../shared/read/facts/find';
import type { JobFacts, Seen, StartedJob } from '../../../shared/read/facts/types';
import type { Step } from '../../../shared/read/picture';
import { type Asked, type Body, only, type Stack } from '../../../shared/read/stack';
import { idOf } from '../promises';

const TARGET = 'http_target.uri';
const SOURCE = 'source_contents';
const DAG = 'content';
const RUNS_AS = 'service_account';
const TOKENS = ['oauth_token', 'oidc_token'];

/** Somebody who starts a job: a schedule, a workflow, or a DAG of Airflow. */
export interface Starter {
  /** The id of its service account. */
  readonly who: string;
  /** Whether it also looks whether the job has ended. */
  readonly waits: boolean;
  /** How often it starts the job in a month of 30 days. */
  readonly aMonth: number;
}

/** Those who start a job: schedules, workflows, and DAGs of Airflow. */
export function startersOf(job: Asked, stack: Stack): Starter[] {
  const naming = (setting: string) => stack.all.filter((one) => one.refers(setting).some(({ id }) => id === job.id));
  return [
    ...naming(TARGET).map((schedule) => ({
      who: TOKENS.map((token) => idOf(schedule, `http_target.${token}.service_account_email`)).find((id) => id !== undefined) ?? '',
      waits: false,
      aMonth: startsOf(schedule),
    })),
    ...naming(SOURCE).map((workflow) => ({ who: runnerOf(workflow), waits: true, aMonth: startsAMonth(workflow, stack) })),
    ...naming(DAG).map((dag) => ({ who: runnerOfDag(dag, stack), waits: true, aMonth: runsAMonth(dag) })),
  ];
}

/** How often a job is started in a month of 30 days. */
export function startsAMonth(job: Asked, stack: Stack): number {
  return startersOf(job, stack).reduce((sum, { aMonth }) => sum + aMonth, 0);
}

/** The facts of a job without a resource, and how it is started. */
type KnownJob = readonly [facts: JobFacts, started: StartedJob];

/** The job without a resource that a request starts, by the host of its address. */
export function withoutResource(url: string, parameters: Body, starter: string): KnownJob | undefined {
  const [, host = ''] = /^https:[/][/]([^/]+)/.exec(url) ?? [];
  const found = [...factsOf('gcp').services.values()].find(({ jobs }) => jobs?.[host])?.jobs?.[host];
  return found && [found, { parameters, starter }];
}

/** The job without a resource that a schedule starts. */
export function startedBy(schedule: Asked): KnownJob | undefined {
  const body = only(schedule, 'http_target.body');
  if (body === undefined) return undefined;
  const starter = idOf(schedule, 'http_target.oauth_token.service_account_email') ?? '';
  return withoutResource(String(only(schedule, TARGET)), JSON.parse(withExpressions(unbase64(String(body)))) as Body, starter);
}

/** Who starts a job, as the flow shows it. */
interface Sender {
  readonly from: string;
  readonly how: string;
  readonly id: string;
}

/**
 * The steps of a job without a resource: its start, if it runs as an account of its own, which stands for it, and those of its data.
 * Otherwise it runs as its starter.
 */
export function flowOfJob([known, started]: KnownJob, seen: Seen, { from, how, id }: Sender): Step[] {
  const runner = known.role(started);
  if (runner === started.starter) {
    const drawn = (end: string) => (end === runner ? id : end);
    return known.flow(started, seen, from).map(({ between: [one, other], ...step }) => ({
      ...step,
      how: `${how}: ${step.how}`,
      between: [drawn(one), drawn(other)],
    }));
  }
  const account = seen.get(runner);
  const to = account?.stage ?? runner;
  const start: Step = { from, how, to, notes: known.tells(started).join(', '), between: [id, account?.id ?? runner] };
  return [start, ...known.flow(started, seen, to)];
}

/** JSON with expressions of Terraform, which can have quotes, as JSON with these expressions as texts. */
export function withExpressions(json: string): string {
  return json.replace(/(?<!\$)\$\{[^}]*\}/g, (expression) => expression.replaceAll('"', '\\"'));
}

/** How often a schedule starts something in a month of 30 days. */
export function startsOf(schedule: Asked): number {
  return timesAMonth(String(only(schedule, 'schedule')));
}

/** Who a workflow runs as. An existing service account has no reference, only its email. */
export function runnerOf(workflow: Asked): string {
  return idOf(workflow, RUNS_AS) ?? `serviceAccount:${only(workflow, RUNS_AS)}`;
}

/** The environment that has the bucket with a DAG. */
export function environmentOf(dag: Asked, stack: Stack): Asked | undefined {
  const bucket = idOf(dag, 'bucket');
  return stack.all.find((one) => bucket !== undefined && idOf(one, 'storage_config.bucket') === bucket);
}

/** Who a DAG runs as: the account of its environment. */
export function runnerOfDag(dag: Asked, stack: Stack): string {
  const runsAs = 'config.node_config.service_account';
  const environment = environmentOf(dag, stack);
  return (environment && idOf(environment, runsAs)) ?? `serviceAccount:${environment && only(environment, runsAs)}`;
}

/** How often a DAG runs in a month of 30 days, by the schedule that it is told. */
export function runsAMonth(dag: Asked): number {
  const [, cron] = /^ *"cron": "(.*)",$/m.exec(String(only(dag, DAG))) ?? [];
  return cron === undefined ? 0 : timesAMonth(cron);
}

/** How often five fields of cron come true in a month of 30 days. */
export function timesAMonth(cron: string): number {
  const [minutes = 0, hours = 0, days = 0, months = 0, weekdays = 0] = cron.split(' ').map(countOf);
  const [, , day, , weekday] = cron.split(' ');
  const [ofMonth, ofWeek] = [Math.min(days / 30, 1), Math.min(weekdays / 7, 1)];
  // With both, one of them is enough.
  const share = day === '*' || weekday === '*' ? ofMonth * ofWeek : Math.min(ofMonth + ofWeek, 1);
  return (minutes * hours * 30 * share * months) / 12;
}

/** How many values each field of cron has. */
const VALUES = [60, 24, 31, 12, 7] as const;
const NAMES = ['JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC', 'SUN MON TUE WED THU FRI SAT'].map((names) => names.split(' '));

/** How many values a field of cron stands for. */
function countOf(field: string, index: number): number {
  const all = VALUES[index] ?? 0;
  const numbers = field.replace(/[A-Z]{3}/g, (name) => String(NAMES.find((names) => names.includes(name))?.indexOf(name) ?? 0));
  return numbers.split(',').reduce((sum, part) => {
    const [, from, to, step] = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? [];
    const last = to ?? (step === undefined ? from : all - 1);
    const length = from === undefined ? all : Number(last) - Number(from) + 1;
    return sum + Math.ceil(length / Number(step ?? 1));
  }, 0);
}
