import { factsOf } from '../../../shared/read/facts/find';
import type { JobFacts, Seen, StartedJob } from '../../../shared/read/facts/types';
import type { Step } from '../../../shared/read/picture';
import { type Asked, type Body, only, type Stack } from '../../../shared/read/stack';
import { idOf } from '../promises';

const TARGET = 'http_target.uri';
const SOURCE = 'source_contents';
const RUNS_AS = 'service_account';

/** Somebody who starts a job: a schedule, or a workflow. */
export interface Starter {
  /** The id of its service account. */
  readonly who: string;
  /** Whether it also looks whether the job has ended. */
  readonly waits: boolean;
  /** How often it starts the job in a month of 30 days. */
  readonly aMonth: number;
}

/** Those who start a job: schedules, and workflows. */
export function startersOf(job: Asked, stack: Stack): Starter[] {
  const naming = (setting: string) => stack.all.filter((one) => one.refers(setting).some(({ id }) => id === job.id));
  return [
    ...naming(TARGET).map((schedule) => ({
      who: idOf(schedule, 'http_target.oauth_token.service_account_email') ?? '',
      waits: false,
      aMonth: startsOf(schedule),
    })),
    ...naming(SOURCE).map((workflow) => ({ who: runnerOf(workflow), waits: true, aMonth: startsAMonth(workflow, stack) })),
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

/** How often a schedule starts something in a month of 30 days. */
export function startsOf(schedule: Asked): number {
  return startsADay(String(only(schedule, 'schedule'))) * 30;
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

/** The facts of a job without a resource, and how it is started. */
export type KnownJob = readonly [facts: JobFacts, started: StartedJob];

/** The job without a resource that a request starts, by the host of its address. */
export function knownJob(url: string, parameters: Body, starter: string): KnownJob | undefined {
  const [, host = ''] = /^https:[/][/]([^/]+)/.exec(url) ?? [];
  const found = [...factsOf('gcp').services.values()].find(({ jobs }) => jobs?.[host])?.jobs?.[host];
  return found && [found, { parameters, starter }];
}

/** The job without a resource that a schedule starts. Terraform encodes the body of its request, or the schedule has it in base64. */
export function scheduledJob(schedule: Asked): KnownJob | undefined {
  const body = String(only(schedule, 'http_target.body') ?? '');
  const [, later] = /^\$\{base64encode\("(.*)"\)\}$/s.exec(body) ?? [];
  const text = later === undefined ? Buffer.from(body, 'base64').toString() : withExpressions(decoded(later));
  const starter = idOf(schedule, 'http_target.oauth_token.service_account_email') ?? '';
  return knownJob(String(only(schedule, TARGET)), text.startsWith('{') ? (JSON.parse(text) as Body) : {}, starter);
}

/** The JSON that Terraform encodes. */
function decoded(text: string): string {
  const parts = text.split(/(?<!\$)(\$\{[^}]*\})/);
  return parts.map((part, index) => (index % 2 === 1 ? part : JSON.parse(`"${part}"`))).join('');
}

/** JSON with expressions of Terraform, which can have quotes, as JSON with these expressions as texts. */
export function withExpressions(json: string): string {
  return json.replace(/(?<!\$)\$\{[^}]*\}/g, (expression) => expression.replaceAll('"', '\\"'));
}

/** Who starts a job, as the flow shows it. */
interface Sender {
  readonly from: string;
  readonly how: string;
  readonly id: string;
}

/**
 * The steps of a job without a resource: its start, if it runs as an account of its own, and those of its data. Otherwise it runs as its
 * starter, which stands for it.
 */
export function flowOfJob(known: JobFacts, started: StartedJob, seen: Seen, { from, how, id }: Sender): Step[] {
  const account = seen.get(known.role(started));
  if (!account || account.id === started.starter) {
    const drawn = (end: string) => (end === started.starter ? id : end);
    const label = seen.get(id)?.stage ?? from;
    return known.flow(started, seen, label).map(({ between: [one, other], ...step }) => ({
      ...step,
      how: `${how}: ${step.how}`,
      between: [drawn(one), drawn(other)],
    }));
  }
  const start: Step = { from, how, to: account.stage, notes: known.tells(started).join(', '), between: [id, account.id] };
  return [start, ...known.flow(started, seen, account.stage)];
}
