import { CloudSchedulerJob } from '@cdktf/provider-google/lib/cloud-scheduler-job';
import { Token } from 'cdktf';
import { Construct, type IConstruct } from 'constructs';
import { base64 } from '../../../shared/synth/base64';
import { takeName } from '../../../shared/synth/kept-name';
import { requireNumber, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import type { Workload } from '../../ports/identity';
import type { Job } from '../../ports/jobs';
import type { Site } from '../../ports/site';
import { alertOnLog } from '../alert';
import { needApis } from '../apis';
import { Propagation } from '../propagation';
import { ACCOUNT_NAME, accountOf } from '../service-account';

const FIELD = String.raw`(\*|[\dA-Z,-]+)(\/\d+)?`;
/** When a schedule starts: five fields, without names of macros. */
const CRON: TextRule = {
  pattern: new RegExp(`^${FIELD}( ${FIELD}){4}$`),
  must: 'be five fields of cron',
  remedy: 'Write it like 0 3 * * *: minute, hour, day of the month, month, day of the week.',
};
/** The lowest and the highest value of each field, and its names. */
const RANGES: readonly (readonly [least: number, most: number, names?: string])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12, 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'],
  [0, 7, 'SUN MON TUE WED THU FRI SAT'],
];
const TIME_ZONE: TextRule = {
  pattern: /^(Etc\/)?[A-Z][\w+-]*(\/[A-Z][\w+-]*){0,2}$/,
  must: 'be the name of a time zone',
  remedy: 'Write it like UTC or Europe/Berlin.',
};

/** When and how often something is started. */
export interface Recurrence {
  /** When it is started, as five fields of cron, such as `0 3 * * *` for each day at three. */
  readonly cron: string;
  /**
   * The time zone of `cron`, such as `Europe/Berlin`. In a zone with daylight saving time, a start within the hour of the change is
   * skipped in spring and happens twice in autumn.
   * @default UTC
   */
  readonly timeZone?: string;
  /**
   * How often a start that Google refuses is tried again, from 0 to 5. A job that starts and then fails is not started again.
   * @default 3
   */
  readonly maxRetries?: number;
  /**
   * Whether the schedule starts nothing for the time being.
   * @default false
   */
  readonly paused?: boolean;
}

/**
 * Refuse what Cloud Scheduler does not accept. Who creates a {@link Schedule} after other resources calls this before them.
 * @throws SettingError
 */
export function requireRecurrence(scope: IConstruct, { cron, timeZone = 'UTC', maxRetries = 3 }: Recurrence) {
  requireCron(scope, { cron });
  requireText(scope, { timeZone }, TIME_ZONE);
  requireNumber(scope, { maxRetries }, { from: 0, to: 5, unit: 'retries', remedy: 'Cloud Scheduler accepts no more.' });
}

/**
 * Refuse what is not five fields of cron with times that exist.
 * @throws SettingError
 */
export function requireCron(scope: IConstruct, settings: Readonly<Record<string, string>>) {
  requireText(scope, settings, CRON);
  const remedy = 'Minutes are 0 to 59, hours 0 to 23, days 1 to 31, months 1 to 12 and weekdays 0 to 7. Only the last two have names.';
  for (const [setting, cron] of Object.entries(settings)) {
    if (Token.isUnresolved(cron) || cron.split(' ').every(isInRange)) continue;
    throw new SettingError(scope, `${setting} must have times that exist`, `"${cron}"`, remedy);
  }
}

/** Whether each part of a field of cron, such as `9-17` or `*\/15`, is within the range of the field. */
function isInRange(field: string, index: number): boolean {
  const [least, most, names = ''] = RANGES[index]!;
  const isValue = (text: string) =>
    /^[A-Z]+$/.test(text) ? names.split(' ').includes(text) : /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most;
  const isTime = (part: string) => {
    const [from = '', to = from, ...more] = part.split('-');
    return more.length === 0 && [from, to].every(isValue) && !(Number(from) > Number(to));
  };
  const [times = '', step = '1'] = field.split('/');
  return (times === '*' || times.split(',').every(isTime)) && Number(step) >= 1 && Number(step) <= most;
}

/** Settings for {@link Schedule}. */
export interface ScheduleProps {
  /** The project, the region and the prefix of the schedule. */
  readonly site: Site;
  /** The end of its name: 1 to 10 lower-case letters and digits. Each schedule of a site needs its own name. */
  readonly name: string;
  /** What is started. */
  readonly job: Pick<Job, 'bindStart'>;
  /** When it is started. */
  readonly recurrence: Recurrence;
  /** The ids of the notification channels that the alert notifies. */
  readonly notify: readonly string[];
}

/**
 * Starts a job at set times, with a service account of its own. Cloud Scheduler counts a start as done when the job has started,
 * and can start it twice, so a job that is started must be repeatable. A schedule costs about 10 cents a month.
 * @see https://cloud.google.com/scheduler/docs/creating
 */
export class Schedule extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  /** The email of its service account. */
  readonly email: string;
  /** The schedule, for anything this construct does not cover. */
  readonly resource: CloudSchedulerJob;

  constructor(scope: Construct, id: string, props: ScheduleProps) {
    super(scope, id);
    const { site, job, notify } = props;
    const { cron, timeZone = 'UTC', maxRetries = 3, paused = false } = props.recurrence;
    requireText(this, { name: props.name }, ACCOUNT_NAME);
    requireRecurrence(this, props.recurrence);
    takeName(this, 'schedule of a site', props.name, [site.project, site.prefix]);
    needApis(this, 'cloudscheduler', 'iam', 'logging', 'monitoring');
    this.name = props.name;
    const name = `${site.prefix}-${this.name}-starter`;

    const { email, member } = accountOf(this, 'Account', site, name, `Starts ${site.prefix}-${this.name}`);
    [this.email, this.member] = [email, member];
    const { url, body, token, waitFor } = job.bindStart(this);
    const isGoogle = token === 'oauth';
    this.resource = new CloudSchedulerJob(this, 'Resource', {
      project: site.project,
      region: site.region,
      name,
      schedule: cron,
      timeZone,
      // Always set: without it, a schedule that was paused stays so.
      paused,
      attemptDeadline: '180s',
      retryConfig: { retryCount: maxRetries, minBackoffDuration: '30s', maxBackoffDuration: '600s' },
      httpTarget: {
        uri: url,
        httpMethod: 'POST',
        headers: body === undefined ? undefined : { 'Content-Type': 'application/json' },
        body: body === undefined ? undefined : base64(body),
        oauthToken: isGoogle ? { serviceAccountEmail: email, scope: 'https://www.googleapis.com/auth/cloud-platform' } : undefined,
        oidcToken: isGoogle ? undefined : { serviceAccountEmail: email, audience: url },
      },
      dependsOn: [new Propagation(this, 'Propagation', waitFor)],
    });
    alertOnLog(this, 'Refused', {
      project: site.project,
      title: `${name}: refused`,
      condition: 'a start is refused',
      filter: ['resource.type = "cloud_scheduler_job"', `resource.labels.job_id = "${this.resource.name}"`, 'severity >= ERROR'],
      meaning:
        'A start was refused. If a retry did not succeed meanwhile, the job did not run: the log of the schedule has a line for each try.',
      notify,
    });
  }
}
