import { Aws } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import type { Job, StartRequest } from '../../ports/jobs';

/** The jobs of one step, by their names. They run in parallel. */
export type Step = Readonly<Record<string, Job>>;

/** The states beside those of the jobs. */
const DEAD_LETTER = 'Dead letter';
const FAILED = 'Failed';

const JOB_NAME: TextRule = {
  pattern: /^(?!(Dead letter|Failed|Step \d+)$)[A-Za-z][\w -]{0,79}$/,
  must: 'name each job in 1 to 80 letters, digits, hyphens, underscores and spaces, a letter first',
  remedy: 'The names "Dead letter", "Failed" and "Step 1" are those of other states. Write steps like [{ Compact: job }].',
};

/** The wait before the first retry, in seconds. Each wait is up to twice as long as the one before. */
const FIRST_WAIT = 60;
const LONGEST_WAIT = 900;
/** Time for the letter, in seconds: the retries of SQS, and Step Functions itself. */
const CLOSING = 3600;

/** How often and how long a job is tried. */
export interface Tries {
  readonly maxRetries: number;
  /** The time of one try, in seconds. */
  readonly timeout: number;
}

/** A state of the definition, in the Amazon States Language. */
type State = Readonly<Record<string, unknown>>;

/**
 * Refuse steps that are no list of jobs with unique names.
 * @throws SettingError
 */
export function requireSteps(scope: IConstruct, steps: readonly Step[]) {
  const remedy = 'Write steps like [{ Compact: job }, { Report: report, Train: training }].';
  if (!Array.isArray(steps) || steps.length === 0)
    throw new SettingError(scope, 'steps must have at least one step', kindOf(steps), remedy);
  const names = steps.flatMap((step: unknown) => {
    if (typeof step !== 'object' || step === null || Array.isArray(step) || Object.keys(step).length === 0) {
      throw new SettingError(scope, 'each step must have at least one job', kindOf(step), remedy);
    }
    return Object.keys(step);
  });
  for (const name of names) requireText(scope, { steps: name }, JOB_NAME);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new SettingError(
      scope,
      'steps must name each job differently',
      `${JSON.stringify(twice)} twice`,
      'Give one of them another name.',
    );
  }
  for (const [name, job] of steps.flatMap((step: Step) => Object.entries(step))) {
    if (typeof job?.bindStart === 'function') continue;
    throw new SettingError(scope, `steps must have a job as ${JSON.stringify(name)}`, kindOf(job), 'Give a construct that implements Job.');
  }
}

/**
 * The definition of a state machine that runs steps in order. Each job gets the input of the execution, and its result is not
 * kept. After its last retry the execution writes a letter and fails.
 *
 * A letter has the input from the context and not from the state, because an error cannot be added to an input that is no object.
 * @param requests the start of each job, by step and name
 * @param queueUrl the queue of the dead letter
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
export function definitionOf(requests: readonly Readonly<Record<string, StartRequest>>[], tries: Tries, queueUrl: string): State {
  const names = requests.map((step, index) => (Object.keys(step).length === 1 ? Object.keys(step)[0]! : `Step ${index + 1}`));
  const caught = { ResultPath: null, Catch: [{ ErrorEquals: ['States.ALL'], Next: DEAD_LETTER }] };
  const steps = requests.map((step, index): [string, State] => {
    const jobs = Object.entries(step).map(([name, request]) => [name, taskOf(request, tries)] as const);
    const next = index + 1 < names.length ? { Next: names[index + 1] } : { End: true };
    const branches = jobs.map(([name, task]) => ({ StartAt: name, States: { [name]: { ...task, ResultPath: null, End: true } } }));
    return [names[index]!, { ...(jobs.length === 1 ? jobs[0]![1] : { Type: 'Parallel', Branches: branches }), ...caught, ...next }];
  });
  const letter = {
    Type: 'Task',
    Resource: `arn:${Aws.PARTITION}:states:::sqs:sendMessage`,
    Parameters: {
      QueueUrl: queueUrl,
      MessageBody: { 'execution.$': '$$.Execution.Id', 'input.$': '$$.Execution.Input', 'error.$': '$' },
    },
    Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 5, MaxAttempts: 6, BackoffRate: 2, JitterStrategy: 'FULL' }],
    TimeoutSeconds: 300,
    ResultPath: null,
    Next: FAILED,
  };
  return {
    StartAt: names[0],
    TimeoutSeconds: longestRun(requests.length, tries),
    States: {
      ...Object.fromEntries(steps),
      [DEAD_LETTER]: letter,
      [FAILED]: { Type: 'Fail', ErrorPath: '$.Error', CausePath: '$.Cause' },
    },
  };
}

function taskOf({ resource, parameters, busy = [] }: StartRequest, { maxRetries, timeout }: Tries): State {
  const waits = { IntervalSeconds: FIRST_WAIT, BackoffRate: 2, MaxDelaySeconds: LONGEST_WAIT };
  const retry = [
    // Without jitter, which can make each wait as short as nothing, and all of them shorter than another run.
    ...(busy.length > 0 ? [{ ErrorEquals: busy, MaxAttempts: waitsFor(timeout), ...waits }] : []),
    // It does not contain a timeout: what took too long once is not started again.
    ...(maxRetries > 0 ? [{ ErrorEquals: ['States.TaskFailed'], MaxAttempts: maxRetries, ...waits, JitterStrategy: 'FULL' }] : []),
  ];
  return {
    Type: 'Task',
    Resource: resource,
    Parameters: parameters,
    TimeoutSeconds: timeout,
    ...(retry.length > 0 && { Retry: retry }),
  };
}

/** How often a busy service is asked again: for twice as long as one try of another run can take. */
function waitsFor(timeout: number): number {
  return 5 + Math.ceil((2 * timeout) / LONGEST_WAIT);
}

/**
 * The longest time of an execution, in seconds. Its own timeout cannot be caught, so it is longer than all tries together: the
 * timeout of a job always comes first, and is written as a letter.
 */
function longestRun(steps: number, { maxRetries, timeout }: Tries): number {
  return steps * ((maxRetries + 1) * timeout + (maxRetries + waitsFor(timeout)) * LONGEST_WAIT) + CLOSING;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value);
  return `an object of ${Object.keys(value).length}`;
}
