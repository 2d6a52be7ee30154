import type { Cost, Load } from '../../../shared/read/facts/cost';
import { factsOf } from '../../../shared/read/facts/find';
import type { JobFacts, Needed, Seen, StartedJob } from '../../../shared/read/facts/types';
import type { Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
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
      aMonth: startsADay(String(only(schedule, 'schedule'))) * 30,
    })),
    ...naming(SOURCE).map((workflow) => ({ who: runnerOf(workflow), waits: true, aMonth: startsAMonth(workflow, stack) })),
    ...naming(DAG).map((dag) => ({ who: runnerOfDag(dag, stack), waits: true, aMonth: runsAMonth(dag) })),
  ];
}

/** How often a job is started in a month of 30 days. */
export function startsAMonth(job: Asked, stack: Stack): number {
  return startersOf(job, stack).reduce((sum, { aMonth }) => sum + aMonth, 0);
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

/** A job in the source of an orchestration: its name, and the request of its start. */
export interface Called {
  readonly job: string;
  readonly url: string;
  readonly body: Body;
}

/** What runs the jobs of an orchestration, and the id of the account that starts them. */
export interface Orchestrating {
  readonly by: Asked;
  readonly starter: string;
}

/** The steps of an orchestration to its jobs. A job without a resource runs as the orchestration, which stands for it. */
export function flowOfJobs({ by, starter }: Orchestrating, steps: readonly (readonly Called[])[], seen: Seen): Step[] {
  return steps.flatMap((calls, index) =>
    calls.flatMap((call): Step[] => {
      const to = resourceOf(call, seen);
      const how = `step ${index + 1} of ${steps.length}`;
      if (to) return [{ from: by.stage, how, to: receiverOf(to), notes: seen.tell(to), between: [by.id, to.id] }];
      const drawn = (id: string) => (id === starter ? by.id : id);
      return ofJobs([call], starter, (known, job) => known.flow(job, seen, by.stage)).map(({ between: [from, into], ...step }) => ({
        ...step,
        how: `${how}: ${step.how}`,
        between: [drawn(from), drawn(into)],
      }));
    }),
  );
}

/** What jobs without a resource need, which run as who starts them. */
export function needsOfJobs(calls: readonly Called[], starter: string, stack: Stack): Needed[] {
  return ofJobs(calls, starter, (known, job) => known.needs(job, stack));
}

/** What jobs without a resource cost. */
export function costsOfJobs(calls: readonly Called[], starter: string, runs: number, load: Load): Cost[] {
  return ofJobs(calls, starter, (known, job) => known.costs(job, runs, load));
}

/** The resource of a job, as its address names it. */
function resourceOf({ url }: Called, stack: Stack): Asked | undefined {
  const [, id] = /\$\{(google_\w+\.[\w-]+)\.\w+\}/.exec(url) ?? [];
  return id === undefined ? undefined : stack.get(id);
}

/** Ask the facts of each job that has no resource, by the host of its API. */
function ofJobs<Answer>(calls: readonly Called[], starter: string, ask: (known: JobFacts, job: StartedJob) => readonly Answer[]): Answer[] {
  return calls.flatMap(({ url, body }) => {
    const { host } = new URL(url);
    const known = [...factsOf('gcp').services.values()].find(({ jobs }) => jobs?.[host])?.jobs?.[host];
    return known ? ask(known, { parameters: body, starter }) : [];
  });
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
