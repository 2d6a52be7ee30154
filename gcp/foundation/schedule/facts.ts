import { BRINGS_NOTHING } from '../../../shared/read/facts/cost';
import { counted, promised } from '../../../shared/read/facts/promise';
import type { Promised, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, set, type Which } from '../../../shared/read/facts/weaken';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, only } from '../../../shared/read/stack';
import { readyBeforeWork } from '../promises';
import { flowOfJob, startedBy, startsOf } from './promises';

const ALERT = 'google_monitoring_alert_policy';
const LINE = 'conditions.condition_matched_log.filter';
const STARTS_AS = ['http_target.oauth_token.service_account_email', 'http_target.oidc_token.service_account_email'];

const isOn = (schedule: Asked) => (alert: Asked) => alert.get(LINE).some((filter) => String(filter).includes(`\${${schedule.id}.`));
const watching: Which = ({ id }, draft) =>
  [...draft.resources].filter(([, { type, body }]) => type === ALERT && JSON.stringify(body).includes(`\${${id}.`)).map(([alert]) => alert);
const RINGS: Promised = promised(
  'rings',
  'have an alert on starts that are refused',
  (schedule, stack) => stack.of(ALERT).some(isOn(schedule)),
  {
    'a job does not run, and nobody is told': remove(watching),
  },
);

/** Starts at set times. */
export const facts: ServiceFacts = {
  name: 'Cloud Scheduler',
  local: { not: 'the jobs that it starts do not run on this machine' },
  unproven: ['That Cloud Scheduler starts a job with the token of its service account.'],
  types: {
    google_cloud_scheduler_job: {
      name: 'schedule',
      role: 'moves data',
      apis: ['cloudscheduler'],
      replacedBy: ['name', 'project', 'region'],
      named: ['name', /^[\w-]{1,500}$/],
      tells: (schedule) => ['Cloud Scheduler', String(only(schedule, 'schedule')), String(only(schedule, 'time_zone'))],
      flow: (schedule, seen) => {
        const how = `${only(schedule, 'schedule')} ${only(schedule, 'time_zone')}`;
        const started = startedBy(schedule);
        if (started) return flowOfJob(started, seen, { from: schedule.name, how, id: schedule.id });
        const job = schedule.refers('http_target.uri').at(-1);
        if (!job) return [];
        return [{ from: schedule.name, how, to: receiverOf(job), notes: seen.tell(job), between: [schedule.id, job.id] }];
      },
      actsAs: STARTS_AS,
      promises: [
        counted({
          rule: 'bounded-retries',
          must: 'retry a start at least once, and at most five times',
          at: 'retry_config.retry_count',
          from: 1,
          to: 5,
          weak: 0,
          worse: 'a start that fails once is not tried again',
        }),
        RINGS,
        readyBeforeWork(...STARTS_AS),
        promised('bounded-time', 'end a request that gets no answer', (schedule) => schedule.get('attempt_deadline').length === 1, {
          'a request without an answer is not ended': set('attempt_deadline'),
        }),
      ],
      answered: { 'nothing-lost': 'A start is no event: its job finds what it missed, and an alert tells of each start that is refused.' },
      needs: (schedule, stack) => {
        const [known, started] = startedBy(schedule) ?? [];
        return known?.needs(started!, stack) ?? [];
      },
      costs: (schedule, load) => {
        const [known, started] = startedBy(schedule) ?? [];
        return [
          { what: 'the schedule, by the month', price: 'schedulerJob', units: 1, lower: 'No `schedule`: start the job yourself.' },
          ...(known?.costs(started!, startsOf(schedule), load) ?? []),
        ];
      },
      brings: BRINGS_NOTHING,
      local: 'no effect here',
    },
  },
  roles: { 'roles/cloudscheduler.admin': { permissions: ['cloudscheduler.*'] } },
};
