import { conditionsOf, text } from '../../../shared/read/cfn';
import type { Cost } from '../../../shared/read/facts/cost';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Running, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { replace, set, type Which } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, is, only, type Stack } from '../../../shared/read/stack';
import { filesNeeds, policiesOf, startersOf } from '../../foundation/promises';

const APPLICATION = 'AWS::EMRServerless::Application';
const MACHINE = 'AWS::StepFunctions::StateMachine';
/** The state machines that start the application. */
const starters: Which = ({ id }, draft) =>
  [...draft.resources].filter(([, { type, body }]) => type === MACHINE && JSON.stringify(body).includes(`"${id}"`)).map(([found]) => found);

export const facts: ServiceFacts = {
  name: 'EMR Serverless',
  local: { not: 'Spark needs 400 MB of packages; the script of the compaction is tested with it' },
  unproven: [
    'That the script runs on the Spark of EMR, and that its role suffices for the file system of EMR.',
    'The errors with which EMR Serverless says that it is busy.',
  ],
  types: {
    [APPLICATION]: {
      name: 'application',
      role: 'runs code',
      tells: (application) => [
        `EMR Serverless ${text(only(application, 'ReleaseLabel'))}`,
        text(only(application, 'Architecture')),
        `at most ${text(only(application, 'MaximumCapacity.Cpu'))}`,
      ],
      flow: readsFrom,
      promises: [
        promised('own-identity', 'be started with a role of its own', (one, stack) => roleOf(one, stack) !== undefined, {
          'its role is not of the stack': replace(
            /(?<=\\"ExecutionRoleArn\\":\\"",)\{.*?\}/,
            '"arn:aws:iam::123456789012:role/shared"',
            starters,
          ),
        }),
        promised('ready-before-work', 'be started after the policies of its role exist', isReady, {
          'it is started before its permissions': set('/DependsOn', undefined, starters),
        }),
        promised('no-idle-cost', 'keep no workers ready, and stop when it is idle', isFreeWhenIdle, {
          'workers are kept ready': set('InitialCapacity', [{ Key: 'Driver', Value: { WorkerCount: 1 } }]),
          'it stays started for ever': set('AutoStopConfiguration.Enabled', false),
        }),
        promised('bounded-cost', 'have a maximum capacity', (one) => one.get('MaximumCapacity.Cpu').length === 1, {
          'a run takes as many workers as the account has': set('MaximumCapacity'),
        }),
        setTo({
          rule: 'one-at-a-time',
          must: 'run one job at a time: two runs would write the same hours',
          at: 'SchedulerConfiguration.MaxConcurrentRuns',
          to: [1],
          weak: 15,
          worse: 'two runs write the same hours',
        }),
        counted({
          rule: 'no-idle-cost',
          must: 'stop within a day without a run',
          at: 'AutoStopConfiguration.IdleTimeoutMinutes',
          from: 1,
          to: 24 * 60,
          weak: 10_080,
          worse: 'it stays started for a week, and cannot be changed',
        }),
      ],
      answered: { rings: 'What starts it raises an alarm if it fails: a state machine has one for failed executions.' },
      runs,
      needs: applicationNeeds,
      costs: runCosts,
      local: { Type: 'emulated' },
    },
  },
};

/** What a run is started with, as text: the role, the script and the arguments. */
interface Run {
  readonly ApplicationId?: string;
  readonly ExecutionRoleArn?: string;
  readonly JobDriver?: { readonly SparkSubmit: { readonly EntryPoint: string; readonly EntryPointArguments: readonly string[] } };
}

/** The parameters with which state machines start the application. */
function runsOf(application: Asked, stack: Stack): Run[] {
  return startersOf(application, stack).flatMap(({ machine }) =>
    findRuns(JSON.parse(text(only(machine, 'DefinitionString'))), application.id),
  );
}

function findRuns(value: unknown, id: string): Run[] {
  if (typeof value !== 'object' || value === null) return [];
  if ((value as Run).ApplicationId === `\${${id}}`) return [value as Run];
  return Object.values(value).flatMap((part) => findRuns(part, id));
}

function roleOf(application: Asked, stack: Stack): Asked | undefined {
  const [run] = runsOf(application, stack);
  return stack.get(/^\$\{(\w+)\}$/.exec(run?.ExecutionRoleArn ?? '')?.[1] ?? '');
}

function runs(application: Asked, stack: Stack): Running {
  const [run] = runsOf(application, stack);
  const options = run?.JobDriver?.SparkSubmit.EntryPointArguments ?? [];
  const settings = options.flatMap((option, index) => (index % 2 === 0 ? [[option.replace(/^--/, ''), options[index + 1] ?? '']] : []));
  return { as: roleOf(application, stack)?.id ?? '', settings: Object.fromEntries(settings) as Record<string, string> };
}

function isReady(application: Asked, stack: Stack): boolean {
  const policies = policiesOf(roleOf(application, stack), stack);
  return startersOf(application, stack).every(({ machine }) => policies.every(({ id }) => machine.before().has(id)));
}

function isFreeWhenIdle(application: Asked): boolean {
  return application.get('InitialCapacity').length === 0 && is(application, 'AutoStopConfiguration.Enabled', true);
}

function readsFrom(application: Asked, seen: Seen): Step[] {
  const { settings } = runs(application, seen);
  return Object.entries(settings).flatMap(([setting, value]): Step[] => {
    const [, name] = /^(\w+)_BUCKET$/.exec(setting) ?? [];
    const bucket = seen.get(/^\$\{(\w+)\}$/.exec(value)?.[1] ?? '');
    if (!name || !bucket || `${name}_FAILED_PREFIX` in settings) return [];
    const how = `reads ${settings[`${name}_PREFIX`]}*`;
    return [{ from: bucket.stage, how, to: application.name, notes: seen.tell(application), between: [bucket.id, application.id] }];
  });
}

function applicationNeeds(application: Asked, stack: Stack): Needed[] {
  const { as, settings } = runs(application, stack);
  if (as === '') return [];
  const [run] = runsOf(application, stack);
  const account = conditionsOf([`StringEquals aws:SourceAccount ${text({ Ref: 'AWS::AccountId' })}`]);
  const script = (run?.JobDriver?.SparkSubmit.EntryPoint ?? '').replace('s3://', `arn:\${AWS::Partition}:s3:::`);
  const on = `\${${application.id}}`;
  const rule = `arn:\${AWS::Partition}:events:\${AWS::Region}:\${AWS::AccountId}:rule/StepFunctionsGetEventsForEMRServerlessJobRule`;
  return [
    {
      who: 'emr-serverless.amazonaws.com',
      may: 'sts:AssumeRole',
      on: `\${${as}}`,
      only: account,
      because: 'EMR runs the job with the role',
    },
    { who: as, may: 's3:GetObject', on: script, because: 'EMR reads the script' },
    ...filesNeeds(as, settings),
    // https://docs.aws.amazon.com/step-functions/latest/dg/emr-serverless-iam.html
    ...startersOf(application, stack).flatMap(({ who }): Needed[] => [
      { who, may: 'emr-serverless:StartJobRun', on, because: 'Step Functions starts a run' },
      ...['CancelJobRun', 'GetJobRun'].map((action) => ({
        who,
        may: `emr-serverless:${action}`,
        on: `${on}/jobruns/*`,
        because: 'Step Functions waits for a run, and stops it',
      })),
      ...['DescribeRule', 'PutRule', 'PutTargets'].map((action) => ({
        who,
        may: `events:${action}`,
        on: rule,
        because: 'Step Functions is told of the end of a run by a rule that it manages',
      })),
      {
        who,
        may: 'iam:PassRole',
        on: `\${${as}}`,
        only: 'StringEquals iam:PassedToService emr-serverless.amazonaws.com',
        because: 'a run gets the role of the job',
      },
    ]),
  ];
}

/** A run of the compaction is short: three minutes an hour on two workers are assumed, as often as it is started. */
function runCosts(): Cost[] {
  const hours = 730 * (3 / 60);
  const lower = 'A rarer `schedule` of what starts it, or smaller executors.';
  return [
    { what: 'runs, one an hour of three minutes, 8 vCPUs', price: 'emrServerlessVcpu', units: 8 * hours, lower },
    { what: 'runs, one an hour of three minutes, 32 GB', price: 'emrServerlessMemory', units: 32 * hours, lower },
  ];
}
