import { Duration, type Stack, TimeZone, Token } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import fc from 'fast-check';
import { definitionOf, type Tries } from '../../../../aws/processing/step-functions/definition';
import { longestGap } from '../../../../aws/processing/step-functions/schedule';
import {
  StepFunctionsOrchestration,
  type StepFunctionsOrchestrationProps,
} from '../../../../aws/processing/step-functions/step-functions-orchestration';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { text } from '../../../../shared/read/cfn';
import { removalOf, synthesize } from '../../../support/cdk';
import { documentedDefaults } from '../../../support/defaults';
import { expectSnapshot } from '../../../support/snapshot';
import { AJob } from './a-job';
import { type Ends, runDefinition } from './run-definition';

const validate: (definition: unknown) => { readonly isValid: boolean; errorsText(): string } = require('asl-validator');

type Props = Omit<StepFunctionsOrchestrationProps, 'steps'>;
type Steps = readonly (readonly string[])[];

const THREE: Steps = [['Load'], ['Report', 'Train'], ['Publish']];
const HOURLY = ScheduleExpression.rate(Duration.hours(1));

/** An orchestration of jobs with these names. */
function make(
  props: Props | ((stack: Stack) => Props) = {},
  steps: Steps = [['Load']],
  context?: Record<string, unknown>,
  busy?: string[],
) {
  return synthesize((stack) => {
    const jobs = steps.map((step) => Object.fromEntries(step.map((name) => [name, new AJob(stack, name, busy)])));
    return new StepFunctionsOrchestration(stack, 'Jobs', { steps: jobs, ...(typeof props === 'function' ? props(stack) : props) });
  }, context);
}

/** The definition, as Step Functions gets it. */
function definitionIn({ one }: ReturnType<typeof synthesize>): any {
  return JSON.parse(text(one('AWS::StepFunctions::StateMachine').Properties.DefinitionString).replaceAll('${AWS::Partition}', 'aws'));
}

const run = (steps: Steps, ends: Ends, props?: Props, busy?: string[]) =>
  runDefinition(definitionIn(make(props, steps, {}, busy)), { day: 'monday' }, ends);

test('the snapshot', () => {
  const { built, madeBy } = make();
  expectSnapshot(
    'aws/processing/step-functions/step-functions-orchestration.snapshot.yaml',
    'The role may start the job, write dead letters, deliver logs and trace, and nothing else. The logs have no data.',
    Object.fromEntries(Object.entries(madeBy(built)).filter(([, { Type }]) => !/Alarm|Queue/.test(Type))),
  );
});

test('the snapshot of a schedule', () => {
  const { built, madeBy } = make({ schedule: HOURLY });
  expectSnapshot(
    'aws/processing/step-functions/schedule.snapshot.yaml',
    'It retries a start for a day, and then writes it to the dead letter. Its role may do both, and nothing else.',
    Object.fromEntries(Object.entries(madeBy(built)).filter(([id]) => id.startsWith('JobsSchedule'))),
  );
});

test('the snapshot of a definition', () => {
  expectSnapshot(
    'aws/processing/step-functions/definition.snapshot.yaml',
    'Each job has a time limit and retries, each step catches every error, and the dead letter gets input, error and execution.',
    definitionIn(make({}, [['Load'], ['Report', 'Train']], {}, ['Glue.ConcurrentRunsExceededException'])),
  );
});

test('documents the defaults that it has', () => {
  const made = make();
  const { TimeoutSeconds, Retry } = definitionIn(made).States.Load;
  const queue = made.one('AWS::SQS::Queue');
  expect(documentedDefaults('aws/processing/step-functions/step-functions-orchestration.ts', 'StepFunctionsOrchestrationProps')).toEqual({
    timeout: `${TimeoutSeconds / 3600} hours`,
    maxRetries: `${Retry[0].MaxAttempts}`,
    logRetention: { 30: 'one month' }[made.one('AWS::Logs::LogGroup').Properties.RetentionInDays as number],
    removal: removalOf(queue.DeletionPolicy),
  });
});

test('accepts every setting', () => {
  const made = make(
    (stack) => ({
      schedule: ScheduleExpression.cron({ hour: '3', minute: '0', timeZone: TimeZone.EUROPE_BERLIN }),
      onCreated: new S3Store(stack, 'Store'),
      timeout: Duration.minutes(30),
      maxRetries: 5,
      logRetention: RetentionDays.ONE_YEAR,
      deadLetterQueue: Queue.fromQueueArn(stack, 'Dead', 'arn:aws:sqs:eu-west-1:123456789012:dead'),
      removal: 'destroy',
    }),
    [['Load']],
    { destroyData: 'yes' },
  );
  expect(definitionIn(made).States.Load).toMatchObject({ TimeoutSeconds: 1800, Retry: [{ MaxAttempts: 5 }] });
  expect(made.one('AWS::Scheduler::Schedule').Properties).toMatchObject({
    ScheduleExpression: 'cron(0 3 * * ? *)',
    ScheduleExpressionTimezone: 'Europe/Berlin',
    Target: { DeadLetterConfig: { Arn: 'arn:aws:sqs:eu-west-1:123456789012:dead' } },
  });
  expect(made.one('AWS::Logs::LogGroup').Properties.RetentionInDays).toBe(365);
});

test('can be created twice in one stack', () => {
  const { all } = synthesize((stack) => {
    const Load = new AJob(stack, 'Load');
    return ['A', 'B'].map((id) => new StepFunctionsOrchestration(stack, id, { steps: [{ Load }], schedule: HOURLY }));
  });
  expect(new Set(all('AWS::Logs::LogGroup').map(({ Properties }) => JSON.stringify(Properties.LogGroupName))).size).toBe(2);
});

/** The shortest time that the waits of a retrier take together. With full jitter, each can be nothing. */
function shortestWait({ IntervalSeconds, BackoffRate, MaxAttempts, MaxDelaySeconds, JitterStrategy }: any): number {
  const waits = Array.from({ length: MaxAttempts }, (_, index) => Math.min(IntervalSeconds * BackoffRate ** index, MaxDelaySeconds));
  return JitterStrategy === 'FULL' ? 0 : waits.reduce((sum, wait) => sum + wait, 0);
}

describe('the definition', () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[A-Z][a-z]{2,8}$/), { minLength: 1, maxLength: 6 });
  const shapes = fc.tuple(names, fc.array(fc.nat(2), { minLength: 6, maxLength: 6 })).map(([all, sizes]) => {
    const left = [...all];
    return sizes.map((size) => left.splice(0, size + 1)).filter((step) => step.length > 0);
  });

  const pure = (steps: Steps, tries: Tries): any => {
    const start = { resource: 'arn:aws:states:::glue:startJobRun.sync', parameters: {}, waitFor: [] };
    return definitionOf(
      steps.map((step) => Object.fromEntries(step.map((name) => [name, start]))),
      tries,
      'queue',
    );
  };

  test('is valid', () => {
    const { isValid, errorsText } = validate(definitionIn(make({}, THREE, {}, ['Glue.Busy'])));
    expect([isValid, isValid ? '' : errorsText()]).toEqual([true, '']);
  });

  test('runs each job once, in order, whatever the steps are', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 10 }), (steps, maxRetries) => {
        const done = runDefinition(pure(steps, { maxRetries, timeout: 60 }), {}, () => undefined);
        expect(done).toEqual({ tries: steps.flat(), letters: [] });
      }),
    );
  });

  test.each(['Load', 'Train', 'Publish'])('after a failure of %s there is one letter with input and error, and no later step', (broken) => {
    const { tries, letters, failed } = run(THREE, (job) => (job === broken ? 'States.TaskFailed' : undefined));
    const error = { Error: 'States.TaskFailed', Cause: `${broken} has failed` };
    expect({ letters, failed }).toEqual({ letters: [{ execution: 'execution-1', input: { day: 'monday' }, error }], failed: error.Error });
    expect(tries.filter((job) => job === broken)).toHaveLength(3);
    expect(tries.at(-1)).toBe(broken);
  });

  test('a job that fails once is retried, and the execution goes on', () => {
    const { tries, letters, failed } = run(THREE, (job, attempt) =>
      job === 'Load' && attempt === 1 ? 'Glue.AWSGlueException' : undefined,
    );
    expect([tries, letters, failed]).toEqual([['Load', 'Load', 'Report', 'Train', 'Publish'], [], undefined]);
  });

  test('a job that took too long is not retried', () => {
    expect(run([['Load']], () => 'States.Timeout')).toMatchObject({ tries: ['Load'], failed: 'States.Timeout' });
  });

  test('without retries the first failure is a dead letter', () => {
    expect(run([['Load']], () => 'States.TaskFailed', { maxRetries: 0 })).toMatchObject({ tries: ['Load'], failed: 'States.TaskFailed' });
  });

  test('a service that is busy is asked for as long as another run of the job can take', () => {
    const busy = (attempt: number) => (attempt <= 20 ? 'Glue.Busy' : undefined);
    const { tries, letters } = run([['Load']], (_, attempt) => busy(attempt), { maxRetries: 0 }, ['Glue.Busy']);
    expect([tries.length, letters]).toEqual([21, []]);
    const { Retry, TimeoutSeconds } = definitionIn(make({}, [['Load']], {}, ['Glue.Busy'])).States.Load;
    expect(shortestWait(Retry[0])).toBeGreaterThanOrEqual(2 * TimeoutSeconds);
  });

  test('the execution has more time than all tries of all jobs, so that a letter is always written', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 10 }), fc.integer({ min: 60, max: 172_800 }), (steps, maxRetries, seconds) => {
        const { TimeoutSeconds } = pure(steps, { maxRetries, timeout: seconds });
        expect(TimeoutSeconds).toBeGreaterThan(steps.length * (maxRetries + 1) * seconds);
        expect(TimeoutSeconds).toBeLessThanOrEqual(99_999_999);
      }),
    );
  });
});

describe('permissions', () => {
  test('the state machine may start its jobs, and write letters', () => {
    const { built, allowed } = make({ schedule: HOURLY }, [['Load', 'Train']]);
    const actions = allowed(built).map(({ Action, Resource }) => [Action, JSON.stringify(Resource)]);
    expect(actions).toEqual([
      ['glue:StartJobRun', expect.stringContaining('job/Load')],
      ['sqs:SendMessage', expect.stringContaining('JobsDeadLetter')],
      [expect.arrayContaining(['logs:CreateLogDelivery']), '"*"'],
      [expect.arrayContaining(['xray:PutTraceSegments']), '"*"'],
      ['states:StartExecution', expect.stringContaining('JobsStateMachine')],
      ['sqs:SendMessage', expect.stringContaining('JobsDeadLetter')],
    ]);
  });

  test('its role and that of the schedule can be used only by their service, for this account', () => {
    for (const { Properties } of make({ schedule: HOURLY }).all('AWS::IAM::Role')) {
      expect(Properties.AssumeRolePolicyDocument.Statement[0].Condition.StringEquals).toMatchObject({
        'aws:SourceAccount': { Ref: 'AWS::AccountId' },
      });
    }
  });

  test('the state machine is created after the permissions of its role', () => {
    const { one, resources } = make({}, [['Load']]);
    const policies = Object.keys(resources).filter((id) => resources[id]!.Type === 'AWS::IAM::Policy');
    expect(policies).toHaveLength(3);
    expect(one('AWS::StepFunctions::StateMachine').DependsOn).toEqual(expect.arrayContaining(policies));
  });
});

describe('a new object', () => {
  const made = make((stack) => ({ onCreated: new S3Store(stack, 'Store', { prefix: 'raw/' }) }));
  const rule = made.one('AWS::Events::Rule').Properties;

  test('of the store, below its prefix, starts an execution with an event of the contract', () => {
    expect(rule.EventPattern).toMatchObject({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: [{ Ref: expect.stringMatching(/^StoreBucket/) }] }, object: { key: [{ prefix: 'raw/' }] } },
    });
    expect(rule.Targets[0].Arn).toEqual({ Ref: expect.stringMatching(/^JobsStateMachine/) });
    expect(rule.Targets[0].InputTransformer.InputTemplate).toContain('"specversion":"1.0"');
  });

  test('that starts none for a day goes to the dead letter of the rule', () => {
    expect(rule.Targets[0].RetryPolicy.MaximumEventAgeInSeconds).toBe(86_400);
    expect(rule.Targets[0].DeadLetterConfig.Arn).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^JobsCreatedDeadLetter/), 'Arn'] });
  });
});

describe('the longest time between two starts', () => {
  test.each<[string, number | undefined]>([
    ['rate(15 minutes)', 0.25],
    ['rate(2 days)', 48],
    ['cron(0 * * * ? *)', 1],
    ['cron(0 3 * * ? *)', 24],
    ['cron(0 3 ? * * *)', 24],
    ['cron(0 3 ? * MON-FRI *)', 72],
    ['cron(0 3 ? * FRI-MON *)', 96],
    ['cron(0 3 ? * 2,4,6 *)', 72],
    ['cron(0 3 ? * SUN *)', 168],
    ['cron(0 3 ? * 6L *)', undefined],
    ['cron(0 3 1 * ? *)', undefined],
    ['cron(0 3 * 1 ? *)', undefined],
  ])('of %s is %p hours', (expression, hours) => expect(longestGap(expression)).toBe(hours));

  test('has an alarm, unless CloudWatch evaluates no time that long', () => {
    const periods = (expression: string) =>
      make({ schedule: ScheduleExpression.expression(expression) })
        .all('AWS::CloudWatch::Alarm')
        .filter(({ Properties }) => Properties.Metrics)
        .map(({ Properties }) => Properties.EvaluationPeriods);
    expect(['rate(1 hour)', 'cron(0 3 * * ? *)', 'cron(0 3 ? * SUN *)'].map(periods)).toEqual([[3], [26], []]);
  });
});

describe('refuses', () => {
  const withSteps = (steps: unknown) => () =>
    synthesize((stack) => new StepFunctionsOrchestration(stack, 'Jobs', { steps: steps as StepFunctionsOrchestrationProps['steps'] }));
  const list = 'Write steps like [{ Compact: job }, { Report: report, Train: training }].';

  test.each<[string, () => unknown, string]>([
    ['no steps', withSteps([]), `Test/Jobs: steps must have at least one step, got a list of 0. ${list}`],
    ['steps that are no list', withSteps({}), `Test/Jobs: steps must have at least one step, got an object of 0. ${list}`],
    ['a step without a job', withSteps([{}]), `Test/Jobs: each step must have at least one job, got an object of 0. ${list}`],
    [
      'what is no job',
      withSteps([{ Load: 'load' }]),
      'Test/Jobs: steps must have a job as "Load", got "load". Give a construct that implements Job.',
    ],
    [
      'a name that Step Functions does not take',
      () => make({}, [['a/b']]),
      'Test/Jobs: steps must name each job in 1 to 80 letters, digits, hyphens, underscores and spaces, a letter first, got "a/b". The names "Dead letter", "Failed" and "Step 1" are those of other states. Write steps like [{ Compact: job }].',
    ],
    [
      'the name of another state',
      withSteps([{ 'Dead letter': { bindStart: () => undefined } }]),
      'Test/Jobs: steps must name each job in 1 to 80 letters, digits, hyphens, underscores and spaces, a letter first, got "Dead letter". The names "Dead letter", "Failed" and "Step 1" are those of other states. Write steps like [{ Compact: job }].',
    ],
    [
      'two jobs of one name',
      withSteps([{ Load: { bindStart: () => undefined } }, { Load: { bindStart: () => undefined } }]),
      'Test/Jobs: steps must name each job differently, got "Load" twice. Give one of them another name.',
    ],
    [
      'a schedule that is a text',
      () => make({ schedule: 'rate(1 hour)' as any }),
      'Test/Jobs: schedule must be a ScheduleExpression, got string. Write it like ScheduleExpression.rate(Duration.hours(1)).',
    ],
    [
      'a schedule that starts once',
      () => make({ schedule: ScheduleExpression.at(new Date('2030-01-01')) }),
      'Test/Jobs: schedule must be a rate or a cron expression, got "at(2030-01-01T00:00:00)". Write it like ScheduleExpression.rate(Duration.hours(1)).',
    ],
    [
      'a store without events of new objects',
      () => make((stack) => ({ onCreated: stack as any })),
      'Test/Jobs: onCreated must be a store of objects in S3, got another construct. Give an S3Store.',
    ],
    [
      'a long time',
      () => make({ timeout: Duration.days(3) }),
      'Test/Jobs: timeout must be 60 to 172800 seconds, got 259200. Divide a job that takes longer than two days.',
    ],
    [
      'a time that is known only at deploy',
      () => make({ timeout: Duration.seconds(Token.asNumber({ Ref: 'Timeout' })) }),
      'Test/Jobs: timeout must be known while synthesizing, got a value that is known only at deploy. Give the number itself, because the construct calculates with it.',
    ],
    [
      'many retries',
      () => make({ maxRetries: 11 }),
      'Test/Jobs: maxRetries must be 0 to 10 retries, got 11. A failure that does not pass by itself goes to the dead letter.',
    ],
    [
      'a FIFO queue for the dead letter',
      () => make((stack) => ({ deadLetterQueue: Queue.fromQueueArn(stack, 'Dead', 'arn:aws:sqs:eu-west-1:123456789012:dead.fifo') })),
      'Test/Jobs: deadLetterQueue must be a standard queue, got a FIFO queue. EventBridge Scheduler sends to no other.',
    ],
    [
      'one key to destroy',
      () => make({ removal: 'destroy' }),
      `Test/Jobs: removal 'destroy' needs the context destroyData to be "yes", got nothing. Set DESTROY_DATA=yes in the environment of this command, or leave removal out to keep the data.`,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(new Error(message)));
});
