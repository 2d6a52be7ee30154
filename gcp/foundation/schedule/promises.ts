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
      who: idOf(schedule, 'http_target.oauth_token.service_account_email') ?? '',
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

/** The facts of a job without a resource, by the address of its start, and how it is started. */
export function withoutResource(url: string, parameters: Body, starter: string): [JobFacts, StartedJob] | undefined {
  const [, host = ''] = /^https:[/][/]([^/]+)/.exec(url) ?? [];
  const found = [...factsOf('gcp').services.values()].find(({ jobs }) => jobs?.[host])?.jobs?.[host];
  return found && [found, { parameters, starter }];
}

/** The job without a resource that a schedule starts. */
export function startedBy(schedule: Asked): [JobFacts, StartedJob] | undefined {
  const body = only(schedule, 'http_target.body');
  if (body === undefined) return undefined;
  const starter = idOf(schedule, 'http_target.oauth_token.service_account_email') ?? '';
  return withoutResource(String(only(schedule, TARGET)), JSON.parse(unbase64(String(body))) as Body, starter);
}

/**
 * The steps to and from a job without a resource. The account that it runs as stands for it.
 * @param from the name of who starts it, and its id
 */
export function flowOfJob(from: readonly [string, string], how: string, [known, started]: [JobFacts, StartedJob], seen: Seen): Step[] {
  const account = seen.get(known.role(started));
  const label = account?.stage ?? known.role(started);
  const notes = known.tells(started).join(', ');
  const start: Step = { from: from[0], how, to: label, notes, between: [from[1], account?.id ?? label] };
  return [start, ...known.flow(started, seen, label)];
}

/** How often a schedule starts something in a month of 30 days. */
export function startsOf(schedule: Asked): number {
  return startsADay(String(only(schedule, 'schedule'))) * 30;
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
  return cron === undefined ? 0 : startsADay(cron) * 30;
}

/** How often a schedule starts something on a day, from its fields for minute and hour. */
function startsADay(cron: string): number {
  const [minute = '', hour = ''] = cron.split(' ');
  const count = (field: string, all: number) => {
    const times = field.split(',').map((part) => {
      const [, from, to, step = '1'] = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? [];
      const length = from === undefined ? all : Number(to ?? from) - Number(from) + 1;
      return Math.ceil(length / Number(step));
    });
    return times.reduce((sum, one) => sum + one, 0);
  };
  return count(minute, 60) * count(hour, 24);
}
