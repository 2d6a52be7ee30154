import { type Asked, only, type Stack } from '../../../shared/read/stack';
import { idOf } from '../promises';

const TARGET = 'http_target.uri';
const SOURCE = 'source_contents';
const RUNS_AS = 'service_account';
const TOKENS = ['oauth_token', 'oidc_token'];

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
      who: TOKENS.map((token) => idOf(schedule, `http_target.${token}.service_account_email`)).find((id) => id !== undefined) ?? '',
      waits: false,
      aMonth: startsADay(String(only(schedule, 'schedule'))) * 30,
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
