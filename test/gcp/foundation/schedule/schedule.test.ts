import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { longestPause } from '../../../../gcp/foundation/schedule/longest-pause';
import { timesAMonth } from '../../../../gcp/foundation/schedule/promises';
import { Schedule, type ScheduleProps } from '../../../../gcp/foundation/schedule/schedule';
import type { Workload } from '../../../../gcp/ports/identity';
import type { StartRequest } from '../../../../gcp/ports/jobs';
import { unbase64 } from '../../../../shared/read/base64';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';

/** A job that Google's own API starts. */
const job = (token: 'oauth' | 'oidc' = 'oauth') => ({
  bindRun: () => {
    throw new Error('A schedule waits for no run.');
  },
  bindStart: (starter: Workload): StartRequest => ({
    url: 'https://example.googleapis.com/v1/jobs/nightly:run',
    body: '{"overrides":{}}',
    token,
    waitFor: [
      new ProjectIamMember(starter, 'Starter', {
        project: site.project,
        role: 'roles/example.starter',
        member: starter.member,
        condition: { title: 'job', expression: 'true' },
      }),
    ],
  }),
});
const make = (props: Partial<ScheduleProps> = {}) =>
  synthesize(
    (stack) =>
      new Schedule(stack, 'Nightly', { site, name: 'nightly', job: job(), recurrence: { cron: '0 3 * * *' }, notify: [onCall], ...props }),
  );

test('the snapshot', () => {
  expectSnapshot(
    'gcp/foundation/schedule/schedule.snapshot.yaml',
    'The schedule starts the job as an account of its own, after its permission is effective. A start that is refused opens an incident.',
    readable(make().json.resource),
  );
});

test('a Google API gets an access token, and a service of the user an identity token that is for its address only', () => {
  const target = make().one('google_cloud_scheduler_job').http_target;
  expect(Object.keys(target)).toContain('oauth_token');
  const own = make({ job: job('oidc') }).one('google_cloud_scheduler_job').http_target;
  expect(own.oidc_token).toEqual({ audience: own.uri, service_account_email: expect.stringContaining('.email}') });
  expect(own.oauth_token).toBeUndefined();
});

test('the body of the request is what the job asked for', () => {
  const { body, headers } = make().one('google_cloud_scheduler_job').http_target;
  expect(Buffer.from(body, 'base64').toString()).toBe('{"overrides":{}}');
  expect(headers).toEqual({ 'Content-Type': 'application/json' });
});

test('a body with a name that is known only at deploy is encoded then', () => {
  const later: ScheduleProps['job'] = {
    ...job(),
    bindStart: (starter) => {
      const { name } = new ServiceAccount(starter, 'Runner', { accountId: 'runner' });
      return { url: 'https://example.googleapis.com/v1/jobs', token: 'oauth', waitFor: [], body: JSON.stringify({ runsAs: name }) };
    },
  };
  const { body } = make({ job: later }).one('google_cloud_scheduler_job').http_target;
  expect(body).toMatch(/^\$\{base64encode\(.*, google_service_account\.\w+\.name, .*\)\}$/);
  expect(unbase64(body)).toMatch(/^\{"runsAs":"\$\{google_service_account\.\w+\.name\}"\}$/);
});

test('a schedule that is paused exists, and starts nothing', () => {
  expect(make({ recurrence: { cron: '0 3 * * *', paused: true } }).one('google_cloud_scheduler_job').paused).toBe(true);
});

test('a schedule that is no longer paused says so, because the provider keeps what it is not told', () => {
  expect(make().one('google_cloud_scheduler_job').paused).toBe(false);
});

test.each(['*/15 * * * *', '0 3 1 1,7 *', '0 9-17 * * MON-FRI', '0 0 * * 7', '59 23 31 12 0', '5/20 0-23/2 * JAN-MAR *'])(
  'takes the times %s',
  (cron) => {
    expect(make({ recurrence: { cron } }).one('google_cloud_scheduler_job').schedule).toBe(cron);
  },
);

test.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+3'])('takes the time zone %s', (timeZone) => {
  expect(make({ recurrence: { cron: '0 3 * * *', timeZone } }).one('google_cloud_scheduler_job').time_zone).toBe(timeZone);
});

test.each<[string, number | undefined]>([
  ['* * * * *', 60],
  ['*/15 * * * *', 15 * 60],
  ['5/20 * * * *', 20 * 60],
  ['0 */6 * * *', 6 * 3600],
  ['0 8,20 * * *', 12 * 3600],
  ['30 9-17 * * *', 16 * 3600],
  ['0,45 12 * * *', 24 * 3600 - 45 * 60],
  ['0 3 * * *', 24 * 3600],
  ['0 0 1 * *', undefined],
  ['0 0 * JAN *', undefined],
])('the longest pause of %s is %s seconds', (cron, seconds) => expect(longestPause(cron)).toBe(seconds));

test.each<[string, number]>([
  ['* * * * *', 60 * 24 * 30],
  ['*/15 9-16 * * *', 4 * 8 * 30],
  ['5/20 3 * * *', 3 * 30],
  ['0 3 * * *', 30],
  ['0 3 1 * *', 1],
  ['0 3 1,15 * *', 2],
  ['0 3 1 1,7 *', 1 / 6],
  ['0 3 * JAN-MAR *', 7.5],
  ['0 3 * * MON', 30 / 7],
  ['0 3 * * MON-FRI', 150 / 7],
  ['0 3 1 * MON', 1 + 30 / 7],
])('%s comes true %s times in a month', (cron, times) => expect(timesAMonth(cron)).toBeCloseTo(times, 6));

describe('refuses', () => {
  test.each<[string, Partial<ScheduleProps>, string]>([
    [
      'a name that an account cannot have',
      { name: 'nightly-job' },
      'test/Nightly: name must be 1 to 10 lower-case letters and digits, got "nightly-job". The name of a service account has no room for more.',
    ],
    [
      'a macro',
      { recurrence: { cron: '@daily' } },
      'test/Nightly: cron must be five fields of cron, got "@daily". Write it like 0 3 * * *: minute, hour, day of the month, month, day of the week.',
    ],
    ...[
      '60 * * * *',
      '0 24 * * *',
      '0 0 0 * *',
      '0 0 * 13 *',
      '0 0 * * 8',
      'MON 3 * * *',
      '*/0 * * * *',
      '1-2-3 * * * *',
      '0 - * * *',
      '0 17-9 * * *',
      '0 0 * * FOO',
      '0 0 * MON *',
    ].map((cron): [string, Partial<ScheduleProps>, string] => [
      `${cron}, which is no time`,
      { recurrence: { cron } },
      `test/Nightly: cron must have times that exist, got "${cron}". Minutes are 0 to 59, hours 0 to 23, days 1 to 31, months 1 to 12 and weekdays 0 to 7. Only the last two have names.`,
    ]),
    [
      'a time zone without a name',
      { recurrence: { cron: '0 3 * * *', timeZone: '+01:00' } },
      'test/Nightly: timeZone must be the name of a time zone, got "+01:00". Write it like UTC or Europe/Berlin.',
    ],
    [
      'too many retries',
      { recurrence: { cron: '0 3 * * *', maxRetries: 6 } },
      'test/Nightly: maxRetries must be 0 to 5 retries, got 6. Cloud Scheduler accepts no more.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));

  test('two schedules with one name in a site', () => {
    expect(() =>
      synthesize((stack) => {
        for (const id of ['One', 'Two']) {
          new Schedule(stack, id, { site, name: 'nightly', job: job(), recurrence: { cron: '0 3 * * *' }, notify: [] });
        }
      }),
    ).toThrow(/^test\/Two: .*schedule of a site.*"nightly"/);
  });
});
