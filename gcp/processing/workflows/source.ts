import type { IConstruct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';
import type { RunRequest } from '../../ports/jobs';

/** How often and how long a job is tried. */
export interface Tries {
  /** How often a start that is refused is tried again. */
  readonly maxRetries: number;
  /** How long a job may take, in seconds. */
  readonly timeoutSeconds: number;
}

/** A step of a workflow, by its name: https://cloud.google.com/workflows/docs/reference/syntax. */
type Named = Readonly<Record<string, unknown>>;

/** The pause before a run is looked at, in seconds: first, and last. Each is twice as long as the one before. */
const PAUSE = { first: 15, last: 120 } as const;
/** How many steps of Workflows it takes at most to look at a run once. */
const STEPS_A_LOOK = 16;
/** The most steps of an execution: https://cloud.google.com/workflows/quotas. */
export const MOST_STEPS = 100_000;
const MOST_BYTES = 128 * 1024;
const AUTH = { type: 'OAuth2' };
/** The answers after which a run is looked at again, and the errors without an answer. */
const BUSY = [429, 500, 502, 503, 504];
const UNHEARD = ['ConnectionError', 'ConnectionFailedError', 'TimeoutError'];

/** How many steps an execution takes at most, if each job takes as long as it may. */
export function longestExecution(jobs: number, timeoutSeconds: number): number {
  return jobs * STEPS_A_LOOK * (Math.ceil(timeoutSeconds / PAUSE.last) + 5);
}

/**
 * The source of a workflow that runs steps in order. Each job is one call of the subworkflow `run_job`, which starts it, waits
 * for its end, and fails if it fails. The jobs of one step run in parallel: if one fails, the others go on to their end, and
 * then the step fails.
 * @throws SettingError if Workflows would not accept it
 */
export function sourceOf(scope: IConstruct, requests: readonly Readonly<Record<string, RunRequest>>[], tries: Tries): string {
  const steps = requests.map((step, index): Named => {
    const calls = Object.entries(step).map(([name, request]): Named => ({ [name]: callOf(scope, name, request, tries) }));
    if (calls.length === 1) return calls[0]!;
    const branches = calls.map((call, branch) => ({ [`Step${index + 1}Branch${branch + 1}`]: { steps: [call] } }));
    return { [`Step${index + 1}`]: { parallel: { branches } } };
  });
  const source = JSON.stringify({ main: { steps }, run_job: runJob(tries), is_busy: IS_BUSY }, null, 2);
  const bytes = Buffer.byteLength(source);
  if (bytes > MOST_BYTES) {
    const less = 'Divide the steps, or write shorter queries.';
    throw new SettingError(scope, `steps must make a source of at most ${MOST_BYTES} bytes`, bytes, less);
  }
  return source;
}

function callOf(scope: IConstruct, job: string, { url, body = '{}', run }: RunRequest, { timeoutSeconds }: Tries): Named {
  // A token of CDKTF has its value before Workflows reads the text.
  if (/\$\{(?!TfToken\[)/.test(body)) {
    throw new SettingError(scope, `the request of ${job} must not contain \${`, 'one that does', 'Workflows reads it as an expression.');
  }
  // No answer has an error at its top, unless the job says so.
  const whole = { condition: null, error: ['error'], ...run };
  return { call: 'run_job', args: { job, url, body: JSON.parse(body), run: whole, seconds: timeoutSeconds } };
}

/** The subworkflow for one job. If the job fails, it writes a line to the log with the name of the job, and fails too. */
function runJob(tries: Tries): Named {
  const steps = [start(tries), FIND, WAIT, LOOK, READ, READ_CONDITIONS, DECIDE, WAIT_LONGER];
  return {
    params: ['job', 'url', 'body', 'run', 'seconds'],
    steps: [{ attempt: { try: { steps }, except: { as: 'cause', steps: TELL } } }],
  };
}

function anyOf(conditions: readonly string[]): string {
  return conditions.join(' or ');
}

/** An expression, which Workflows replaces by its value: https://cloud.google.com/workflows/docs/reference/syntax/expressions. */
function value(expression: string): string {
  return `\${${expression}}`;
}

/** Only a start that was refused is tried again: after another error, the job can be running. */
const start = ({ maxRetries }: Tries): Named => ({
  start: {
    try: { call: 'http.post', args: { url: value('url'), body: value('body'), auth: AUTH }, result: 'started' },
    retry: {
      predicate: value('http.default_retry_predicate_non_idempotent'),
      max_retries: maxRetries,
      backoff: { initial_delay: 10, max_delay: 300, multiplier: 2 },
    },
  },
});

const FIND: Named = {
  find: {
    assign: [
      { address: value('text.replace_all(run.url, "{run}", map.get(started.body, run.name))') },
      { deadline: value('sys.now() + seconds') },
      { pause: PAUSE.first },
    ],
  },
};

const WAIT: Named = { wait: { call: 'sys.sleep', args: { seconds: value('pause') } } };

const LOOK: Named = {
  look: {
    try: { call: 'http.get', args: { url: value('address'), auth: AUTH }, result: 'seen' },
    retry: {
      predicate: value('is_busy'),
      max_retries: 8,
      backoff: { initial_delay: 5, max_delay: 120, multiplier: 2 },
    },
  },
};

const READ: Named = {
  read: {
    assign: [
      { found: value('map.get(seen.body, run.state)') },
      { state: value('default(found, "")') },
      { error: value('map.get(seen.body, run.error)') },
      { reason: value('error') },
    ],
  },
};

/**
 * The subworkflow that says after which errors a run is looked at again. The default of Workflows gives up after 500, which an API also
 * answers for a while.
 * @see https://cloud.google.com/workflows/docs/reference/syntax/error-types
 */
const IS_BUSY: Named = {
  params: ['e'],
  steps: [
    { busy: { switch: [{ condition: value(anyOf(BUSY.map((code) => `map.get(e, "code") == ${code}`))), return: true }] } },
    {
      unheard: { switch: [{ condition: value(anyOf(UNHEARD.map((tag) => `"${tag}" in default(map.get(e, "tags"), [])`))), return: true }] },
    },
    { other: { return: false } },
  ],
};

/** Take the state from the condition of the right type. */
const TAKE: Named = {
  compare: {
    switch: [
      {
        condition: value('map.get(one, "type") == run.condition'),
        steps: [
          { take: { assign: [{ state: value('default(map.get(one, "state"), "")') }, { reason: value('map.get(one, "message")') }] } },
        ],
      },
    ],
  },
};

const READ_CONDITIONS: Named = {
  conditions: {
    switch: [
      {
        condition: value('run.condition != null'),
        steps: [{ none: { assign: [{ state: '' }] } }, { each: { for: { value: 'one', in: value('default(found, [])'), steps: [TAKE] } } }],
      },
    ],
  },
};

const DECIDE: Named = {
  decide: {
    switch: [
      {
        condition: value('error != null or state in run.failed'),
        raise: { message: 'The run has failed.', run: value('address'), state: value('state'), reason: value('reason') },
      },
      { condition: value('state == run.succeeded'), return: value('address') },
      {
        condition: value('sys.now() > deadline'),
        raise: { message: 'The run takes too long. It has not been stopped.', run: value('address'), state: value('state') },
      },
    ],
  },
};

const WAIT_LONGER: Named = { longer: { assign: [{ pause: value(`math.min(pause * 2, ${PAUSE.last})`) }], next: 'wait' } };

const TELL: readonly Named[] = [
  {
    describe: {
      assign: [
        {
          failure: {
            message: value('"The job " + job + " has failed. No step after it was started."'),
            job: value('job'),
            cause: value('cause'),
          },
        },
      ],
    },
  },
  { log: { call: 'sys.log', args: { severity: 'ERROR', json: value('failure') } } },
  { fail: { raise: value('failure') } },
];
