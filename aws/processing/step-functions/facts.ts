import { conditionsOf, refOf, text, type Value } from '../../../shared/read/cfn';
import { BRINGS_NOTHING, type Cost, HOURS, type Load, MONTH } from '../../../shared/read/facts/cost';
import { factsOf } from '../../../shared/read/facts/find';
import { counted, promised, setTo } from '../../../shared/read/facts/promise';
import type { JobFacts, Needed, Seen, ServiceFacts, StartedJob } from '../../../shared/read/facts/types';
import { replace, set } from '../../../shared/read/facts/weaken';
import { isDeadLetter, facts as joined, type Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, type Body, only, type Stack } from '../../../shared/read/stack';
import { alarmOn, readyBeforeWork } from '../../foundation/promises';

const MACHINE = 'AWS::StepFunctions::StateMachine';
const SCHEDULE = 'AWS::Scheduler::Schedule';
const RULE = 'AWS::Events::Rule';
const DAY = 24 * 3600;
const DEAD_LETTER = 'Target.DeadLetterConfig.Arn';
const ACCOUNT = text({ Ref: 'AWS::AccountId' });
/** The start of an ARN, as `text` writes it. */
const arn = (service: string) => `arn:\${AWS::Partition}:${service}:\${AWS::Region}:${ACCOUNT}`;

export const facts: ServiceFacts = {
  name: 'Step Functions',
  local: { not: 'the jobs that it starts do not run on this machine' },
  unproven: [
    'That a state machine was created from the definition, and that a job which takes too long is stopped.',
    'That EventBridge Scheduler and a rule start executions with the roles that they have.',
  ],
  types: {
    [MACHINE]: {
      name: 'state machine',
      role: 'moves data',
      tells: (machine) => [
        'Step Functions',
        `${counts(jobsIn(machine).length, 'job')} in ${counts(stepsIn(machine).length, 'step')}`,
        machine.get('LoggingConfiguration.Destinations').length > 0 ? 'history logged' : undefined,
      ],
      takes: ['states:StartExecution'],
      flow: flowOf,
      promises: [
        promised('bounded-retries', 'end each try of a job after a time, and then itself', isBounded, {
          'a job that never ends is never stopped': replace(/(?<=\\"Type\\":\\"Task\\".{0,2000}?)\\"TimeoutSeconds\\":\d+,/, ''),
          'an execution never ends': replace(/\\"TimeoutSeconds\\":\d+,/, ''),
        }),
        promised('nothing-lost', 'send each failed execution to a dead letter', catchesAll, {
          'a failed execution leaves no dead letter': replace(/,?\\"Catch\\":\[\{.*?\}\]/, ''),
          'only one error goes to the dead letter': replace('States.ALL', 'States.Timeout'),
        }),
        ...['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted', 'ExecutionThrottled'].map((metric) =>
          alarmOn(metric, `have an alarm on ${metric}`),
        ),
        {
          ...alarmOn('ExecutionsStarted', 'have an alarm for executions that its schedule does not start'),
          concerns: (machine, stack) => schedulesOf(machine, stack).length > 0,
        },
        setTo({
          rule: 'on-record',
          must: 'log the history of each execution',
          at: 'LoggingConfiguration.Level',
          to: ['ALL'],
          weak: 'OFF',
          worse: 'the history of executions is not logged',
        }),
        setTo({
          rule: 'private',
          must: 'leave the data of executions out of its logs',
          at: 'LoggingConfiguration.IncludeExecutionData',
          to: [false],
          weak: true,
          worse: 'the data of executions is in the logs',
        }),
        readyBeforeWork((machine) => machine.refers('RoleArn')[0]),
      ],
      needs: machineNeeds,
      costs: transitions,
      brings: BRINGS_NOTHING,
      local: { DefinitionString: 'emulated' },
    },
    [SCHEDULE]: {
      name: 'schedule',
      role: 'moves data',
      tells: (schedule) => [`EventBridge Scheduler`, text(only(schedule, 'ScheduleExpression'))],
      flow: (schedule, seen) => {
        const [machine] = schedule.refers('Target.Arn');
        const [deadLetter] = schedule.refers(DEAD_LETTER);
        const hop = (to: Asked | undefined, how: string): Step[] =>
          to ? [{ from: schedule.name, how, to: labelOf(to), notes: seen.tell(to), between: [schedule.id, to.id] }] : [];
        return [...hop(machine, text(only(schedule, 'ScheduleExpression'))), ...hop(deadLetter, 'starts that failed for a day')];
      },
      promises: [
        counted({
          rule: 'bounded-retries',
          must: 'retry a start for a day',
          at: 'Target.RetryPolicy.MaximumEventAgeInSeconds',
          from: DAY,
          to: DAY,
          weak: 60,
          worse: 'a start that fails for a minute is not retried',
        }),
        promised('nothing-lost', 'have a dead-letter queue', (schedule) => schedule.refers(DEAD_LETTER).length === 1, {
          'a start that fails is dropped': set('Target.DeadLetterConfig'),
        }),
        readyBeforeWork((schedule) => schedule.refers('Target.RoleArn')[0]),
      ],
      answered: { rings: 'The dead letter has an alarm, and the state machine has one for executions that do not start.' },
      needs: scheduleNeeds,
      costs: 'A schedule costs a dollar per million starts.',
      brings: BRINGS_NOTHING,
      local: 'no effect here',
    },
  },
};

interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Parameters?: Body;
  readonly Branches?: readonly Definition[];
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[]; readonly MaxAttempts: number }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly TimeoutSeconds?: number;
}
interface Definition {
  readonly TimeoutSeconds?: number;
  readonly States: Readonly<Record<string, State>>;
}

/** The definition, with each reference to a resource as `${id}`. */
function definitionOf(machine: Asked): Definition {
  return JSON.parse(text(only(machine, 'DefinitionString')) || '{"States":{}}') as Definition;
}

/** A dead letter is named after its stage. */
const labelOf = (to: Asked) => (isDeadLetter(to.name) ? receiverOf(to) : to.name);

const isLetter = ({ Resource }: State) => Resource?.endsWith(':states:::sqs:sendMessage') === true;

/** The states of the steps: those that can fail, but for the one that writes the letter. */
function stepsIn(machine: Asked): [name: string, state: State][] {
  return Object.entries(definitionOf(machine).States).filter(([, state]) => /^(Task|Parallel)$/.test(state.Type) && !isLetter(state));
}

/** Each job, with its name and its state. */
function jobsIn(machine: Asked): [name: string, state: State][] {
  return stepsIn(machine).flatMap(([name, state]) =>
    state.Branches ? state.Branches.flatMap(({ States }) => Object.entries(States)) : [[name, state] as [string, State]],
  );
}

function isBounded(machine: Asked): boolean {
  const limits = [definitionOf(machine), ...jobsIn(machine).map(([, state]) => state)];
  return limits.every(({ TimeoutSeconds = 0 }) => TimeoutSeconds > 0);
}

/** Every step catches all errors, and then writes a letter. */
function catchesAll(machine: Asked): boolean {
  const { States } = definitionOf(machine);
  return stepsIn(machine).every(([, { Catch = [] }]) =>
    Catch.some(({ ErrorEquals, Next }) => ErrorEquals.includes('States.ALL') && States[Next] !== undefined && isLetter(States[Next])),
  );
}

/** The facts of a job without a resource, and how it is started. */
function withoutResource(machine: Asked, { Resource = '', Parameters = {} }: State): [JobFacts, StartedJob] | undefined {
  const [, integration = ''] = /:states:::(\w+:\w+)\.sync$/.exec(Resource) ?? [];
  const found = [...factsOf('aws').services.values()].find(({ jobs }) => jobs?.[integration])?.jobs?.[integration];
  return found && [found, { parameters: Parameters, starter: refOf(only(machine, 'RoleArn')) ?? '' }];
}

/** The resource that a job runs. */
function targetOf({ Parameters }: State, stack: Stack): Asked | undefined {
  const named = [...JSON.stringify(Parameters ?? {}).matchAll(/\$\{(\w+)\}/g)].flatMap(([, id]) => stack.get(id!) ?? []);
  return named.find(({ type }) => type !== 'AWS::IAM::Role');
}

function flowOf(machine: Asked, seen: Seen): Step[] {
  const steps = stepsIn(machine);
  const [deadLetter] = machine.refers('DefinitionString').filter(({ type }) => type === 'AWS::SQS::Queue');
  const starts = steps.flatMap(([, state], index) =>
    (state.Branches ? state.Branches.flatMap(({ States }) => Object.values(States)) : [state]).flatMap((job): Step[] => {
      const tries = (job.Retry ?? []).find(({ ErrorEquals }) => ErrorEquals.includes('States.TaskFailed'))?.MaxAttempts ?? 0;
      const how = `step ${index + 1} of ${steps.length}, ${tries} retries`;
      const [known, started] = withoutResource(machine, job) ?? [];
      if (known) {
        const role = seen.get(known.role(started!));
        if (!role) return [];
        const label = role.name.replace(/ role$/, ' job');
        const notes = joined(...known.tells(started!));
        return [{ from: machine.name, how, to: label, notes, between: [machine.id, role.id] }, ...known.flow(started!, seen, label)];
      }
      const to = targetOf(job, seen);
      if (!to) return [];
      return [{ from: machine.name, how, to: to.name, notes: seen.tell(to), between: [machine.id, to.id] }];
    }),
  );
  if (!deadLetter) return starts;
  const letter = { from: machine.name, how: 'after the last retry', to: receiverOf(deadLetter), notes: seen.tell(deadLetter) };
  return [...starts, { ...letter, between: [machine.id, deadLetter.id] }];
}

const DELIVERY = [
  'CreateLogDelivery',
  'DeleteLogDelivery',
  'DescribeLogGroups',
  'DescribeResourcePolicies',
  'GetLogDelivery',
  'ListLogDeliveries',
  'PutResourcePolicy',
  'UpdateLogDelivery',
];
const TRACING = ['GetSamplingRules', 'GetSamplingTargets', 'PutTelemetryRecords', 'PutTraceSegments'];

/** What its role needs besides the jobs that are resources: the facts of these say what starting them takes. */
function machineNeeds(machine: Asked, stack: Stack): Needed[] {
  const who = refOf(only(machine, 'RoleArn')) ?? '';
  const trust = [`ArnLike aws:SourceArn ${arn('states')}:stateMachine:*`, `StringEquals aws:SourceAccount ${ACCOUNT}`];
  const every = (actions: readonly string[], service: string, because: string) =>
    actions.map((action) => ({ who, may: `${service}:${action}`, on: '*', because }));
  const letters = machine.refers('DefinitionString').filter(({ type }) => type === 'AWS::SQS::Queue');
  return [
    { who: 'states.amazonaws.com', may: 'sts:AssumeRole', on: `\${${who}}`, only: conditionsOf(trust), because: 'it runs with the role' },
    ...(machine.get('LoggingConfiguration').length > 0 ? every(DELIVERY, 'logs', 'it delivers its history to a log group') : []),
    ...(only(machine, 'TracingConfiguration.Enabled') === true ? every(TRACING, 'xray', 'it writes its traces') : []),
    ...letters.map(({ id }) => ({ who, may: 'sqs:SendMessage', on: `\${${id}}`, because: 'it writes dead letters' })),
    ...jobsIn(machine).flatMap(([, job]) => {
      const [known, started] = withoutResource(machine, job) ?? [];
      return known ? known.needs(started!, stack) : [];
    }),
  ];
}

function scheduleNeeds(schedule: Asked): Needed[] {
  const who = refOf(only(schedule, 'Target.RoleArn')) ?? '';
  const trust = [`StringEquals aws:SourceAccount ${ACCOUNT}`, `StringEquals aws:SourceArn ${arn('scheduler')}:schedule-group/default`];
  const on = (target: Value): string => text(target);
  return [
    {
      who: 'scheduler.amazonaws.com',
      may: 'sts:AssumeRole',
      on: `\${${who}}`,
      only: conditionsOf(trust),
      because: 'it starts with the role',
    },
    { who, may: 'states:StartExecution', on: on(only(schedule, 'Target.Arn')), because: 'it starts executions' },
    { who, may: 'sqs:SendMessage', on: on(only(schedule, DEAD_LETTER)), because: 'it writes starts that failed' },
  ];
}

function schedulesOf(machine: Asked, stack: Stack): readonly Asked[] {
  return stack.of(SCHEDULE).filter((schedule) => schedule.refers('Target.Arn').some(({ id }) => id === machine.id));
}

/** A state is one transition, and the end is one. Retries are left out. */
function transitions(machine: Asked, load: Load): Cost[] {
  const scheduled = schedulesOf(machine, load.stack).reduce(
    (sum, schedule) => sum + startsOf(text(only(schedule, 'ScheduleExpression'))),
    0,
  );
  const rules = load.stack.of(RULE).filter((rule) => rule.refers('Targets.Arn').some(({ id }) => id === machine.id));
  const buckets = rules.flatMap((rule) => rule.refers('EventPattern'));
  const created = buckets.reduce((sum, bucket) => sum + load.writes(bucket).count * MONTH, 0);
  const jobs = jobsIn(machine).flatMap(([, job]) => {
    const [known, started] = withoutResource(machine, job) ?? [];
    return known ? known.costs(started!, scheduled + created, load) : [];
  });
  return [
    {
      what: 'state transitions, one for each job and two more',
      price: 'stepFunctionsTransitions',
      units: (scheduled + created) * (jobsIn(machine).length + 2),
      lower: 'A rarer `schedule`, or larger objects that start it.',
    },
    ...jobs,
  ];
}

/** How often a schedule starts in a month. A cron expression counts as daily, unless it names every hour. */
function startsOf(expression: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (unit) return HOURS / (Number(count) * { minute: 1 / 60, hour: 1, day: 24 }[unit as 'minute' | 'hour' | 'day']);
  return /^cron\(\S+ \* /.test(expression) ? HOURS : HOURS / 24;
}

function counts(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
