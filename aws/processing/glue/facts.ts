import { conditionsOf, refOf, text } from '../../../shared/read/cfn';
import { amountOr, type Cost } from '../../../shared/read/facts/cost';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, amount, type Body, is, only, type Stack } from '../../../shared/read/stack';
import { filesNeeds, readyBeforeWork, startersOf } from '../../foundation/promises';

const JOB = 'AWS::Glue::Job';
const START = ['StartJobRun', 'GetJobRun', 'GetJobRuns', 'BatchStopJobRun'];
/** The DPUs of a worker. */
const DPUS: Readonly<Record<string, number>> = {
  'G.1X': 1,
  'G.2X': 2,
  'G.4X': 4,
  'G.8X': 8,
  'G.12X': 12,
  'G.16X': 16,
  'R.1X': 1,
  'R.2X': 2,
  'R.4X': 4,
  'R.8X': 8,
};

export const facts: ServiceFacts = {
  name: 'Glue',
  local: { not: 'Spark needs 400 MB of packages; the script of the compaction is tested with it', constructs: ['glue-job'] },
  unproven: [
    'That the script runs on the Spark of Glue, and that its role suffices for the file system of Glue.',
    'The errors with which Glue says that it is busy.',
    'The names of the log groups of a job with a security configuration.',
  ],
  types: {
    [JOB]: {
      name: 'job',
      role: 'runs code',
      tells: (job) => [
        `Glue ${text(only(job, 'GlueVersion'))}`,
        `${amount(job, 'NumberOfWorkers')} workers ${text(only(job, 'WorkerType'))}`,
        `at most ${amount(job, 'Timeout')} min`,
      ],
      flow: readsFrom,
      promises: [
        promised('own-identity', 'have its own role', (job, stack) => hasOwnRole(job, stack), {
          'its role is not of the stack': set('Role', 'arn:aws:iam::123456789012:role/shared'),
        }),
        readyBeforeWork((job) => job.refers('Role')[0]),
        counted({
          rule: 'bounded-retries',
          must: 'end each run within a week',
          at: 'Timeout',
          from: 1,
          to: 7 * 24 * 60,
          weak: 100_000,
          worse: 'a run that never ends is never stopped',
        }),
        setTo({
          rule: 'one-at-a-time',
          must: 'run once at a time: two runs would write the same hours',
          at: 'ExecutionProperty.MaxConcurrentRuns',
          to: [1],
          weak: 10,
          worse: 'two runs write the same hours',
        }),
        setTo({
          rule: 'bounded-retries',
          must: 'leave retries to what starts it',
          at: 'MaxRetries',
          to: [0],
          weak: 3,
          worse: 'a failed run is retried, and nobody sees it',
        }),
      ],
      answered: { rings: 'What starts it raises an alarm if it fails: a state machine has one for failed executions.' },
      runs: (job) => ({ as: refOf(only(job, 'Role')) ?? '', settings: settingsOf(job) }),
      needs: jobNeeds,
      costs: runCosts,
      local: { Command: 'emulated' },
    },
  },
};

function hasOwnRole(job: Asked, stack: Stack): boolean {
  const [role, ...others] = job.refers('Role');
  return role !== undefined && others.length === 0 && stack.of(JOB).filter((other) => other.refers('Role')[0]?.id === role.id).length === 1;
}

/** The arguments of the script, as text. */
function settingsOf(job: Asked): Readonly<Record<string, string>> {
  const [values = {}] = job.get('DefaultArguments');
  return Object.fromEntries(Object.entries(values as Body).map(([name, value]) => [name.replace(/^--/, ''), text(value)]));
}

function readsFrom(job: Asked, seen: Seen): Step[] {
  const settings = settingsOf(job);
  return Object.entries(settings).flatMap(([setting, value]): Step[] => {
    const [, name] = /^(\w+)_BUCKET$/.exec(setting) ?? [];
    const bucket = seen.get(/^\$\{(\w+)\}$/.exec(value)?.[1] ?? '');
    if (!name || !bucket || `${name}_FAILED_PREFIX` in settings) return [];
    return [
      {
        from: bucket.stage,
        how: `reads ${settings[`${name}_PREFIX`]}*`,
        to: job.name,
        notes: seen.tell(job),
        between: [bucket.id, job.id],
      },
    ];
  });
}

function jobNeeds(job: Asked, stack: Stack): Needed[] {
  const who = refOf(only(job, 'Role')) ?? '';
  const settings = settingsOf(job);
  const account = conditionsOf([`StringEquals aws:SourceAccount ${text({ Ref: 'AWS::AccountId' })}`]);
  const groups = stack
    .of('AWS::Logs::LogGroup')
    .filter((group) => text(only(group, 'LogGroupName')).startsWith(`${settings['custom-logGroup-prefix']}/`));
  const bookmarks = [{ who, may: 'glue:GetJobBookmark', on: '*', because: 'the script reads its bookmarks' }];
  const script = text(only(job, 'Command.ScriptLocation')).replace('s3://', `arn:\${AWS::Partition}:s3:::`);
  const arn = `arn:\${AWS::Partition}:glue:\${AWS::Region}:\${AWS::AccountId}:job/\${${job.id}}`;
  return [
    { who: 'glue.amazonaws.com', may: 'sts:AssumeRole', on: `\${${who}}`, only: account, because: 'Glue runs the job with the role' },
    { who, may: 's3:GetObject', on: script, because: 'Glue reads the script' },
    ...groups.flatMap(({ id }) =>
      ['CreateLogStream', 'PutLogEvents'].map((action) => ({
        who,
        may: `logs:${action}`,
        on: `\${${id}}`,
        because: 'Glue writes its logs',
      })),
    ),
    ...(settings['job-bookmark-option'] === 'job-bookmark-enable' ? bookmarks : []),
    ...(only(job, 'SecurityConfiguration') === undefined ? [] : encryptedLogs(who)),
    ...filesNeeds(who, settings),
    // https://docs.aws.amazon.com/step-functions/latest/dg/connect-glue.html
    ...startersOf(job, stack).flatMap((starter) =>
      START.map((action) => ({
        who: starter.who,
        may: `glue:${action}`,
        on: arn,
        because: 'Step Functions starts the job and waits for it',
      })),
    ),
  ];
}

/** https://docs.aws.amazon.com/glue/latest/dg/encryption-security-configuration.html */
function encryptedLogs(who: string): Needed[] {
  const on = `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws-glue/jobs/*`;
  return ['AssociateKmsKey', 'CreateLogGroup', 'CreateLogStream', 'PutLogEvents'].map((action) => ({
    who,
    may: `logs:${action}`,
    on,
    because: 'Glue creates and encrypts the log groups of a security configuration',
  }));
}

/** A run of the compaction is short: three minutes an hour are assumed, as often as it is started. */
function runCosts(job: Asked): Cost[] {
  const dpus = amountOr(job, 'NumberOfWorkers', 2) * (DPUS[text(only(job, 'WorkerType'))] ?? 1);
  return [
    {
      what: 'runs, one an hour of three minutes',
      price: is(job, 'ExecutionClass', 'FLEX') ? 'glueDpuFlex' : 'glueDpu',
      units: dpus * 730 * (3 / 60),
      lower: 'A rarer `schedule` of what starts it, or `flex`.',
    },
  ];
}
