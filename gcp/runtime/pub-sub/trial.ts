import { type ChildProcess, fork } from 'node:child_process';
import { getHeapStatistics } from 'node:v8';
import { inOneLine } from '../../../shared/runtime/verdict';
import { TOO_LONG } from './limit';

/** An event to run the transform on first, before it is processed. */
export interface Tried {
  readonly bytes: Buffer;
  /** How often it was delivered, including this time. */
  readonly attempt: number;
  /** How long the transform may take. */
  readonly milliseconds: number;
}

/** @returns why the transform must not run on an event in this process, or undefined if it may */
export type Trial = (event: Tried) => Promise<string | undefined>;

/** What is sent to a trial process. */
interface TrialRequest {
  readonly bytes: Buffer;
  readonly milliseconds: number;
  readonly megabytes: number;
}

/** The message of a trial process: it is ready for an event, or it has survived one. */
const SURVIVED = 'survived';
/** The signals of a process that the JavaScript engine ended, mostly because it has no memory left. */
const ABORTS = ['SIGABRT', 'SIGTRAP', 'SIGILL'];

const ROLE = 'trial';
/** How long trials continue after the last event that was delivered again. */
const TRIAL_PERIOD_MS = 60_000;
/** After an event ended this many trial processes in a row, it goes to the dead letter. One process alone may have ended for another reason. */
const MAX_CRASHES = 2;
/** The memory of an event in a trial: half of the heap of the server, so that both fit into the instance. */
const MEGABYTES = Math.floor(getHeapStatistics().heap_size_limit / 2e6);

/**
 * Run the transform in a child process first, one event at a time: if the process ends, this event is the cause.
 *
 * An event that is delivered again may have ended a process before. From then on, and until a minute has passed without another such
 * event, every event has a trial: the events that were delivered again have lost an attempt already, and a new event must not cost them
 * another one. Otherwise there are no trials, because a trial costs as much as processing the event.
 *
 * A worker thread is not enough: if it runs out of memory, it can end its process (nodejs/node#47224).
 * @param code the file that the process runs. It calls {@link answerTrials}.
 */
export function trialsOf(code: string, trialPeriodMs = TRIAL_PERIOD_MS): Trial {
  if (isTrial()) return async () => undefined;
  let child: ChildProcess | undefined;
  let trialTimer: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const oneAtATime = <Result>(task: () => Result | Promise<Result>): Promise<Result> => {
    const result = last.then(task);
    last = result.catch(() => {});
    return result;
  };
  const stopTrials = () => {
    trialTimer = undefined;
    void oneAtATime(() => {
      if (trialTimer) return;
      if (child?.connected) child.disconnect();
      child = undefined;
    });
  };

  async function tryOut(bytes: Buffer, milliseconds: number): Promise<string | undefined> {
    for (let ends = 1; ; ends++) {
      try {
        if (!child || !isAlive(child)) child = await startProcess(code);
      } catch (error) {
        console.log(JSON.stringify({ severity: 'WARNING', message: `The trial of an event could not start: ${inOneLine(error)}` }));
        return undefined;
      }
      const end = await outcome(child, { bytes, milliseconds, megabytes: MEGABYTES });
      if (end === SURVIVED) return undefined;
      child.kill('SIGKILL');
      if (end === TOO_LONG) return `The transform did not end within ${milliseconds / 1000} s.`;
      const how = ABORTS.includes(end) ? `it needs more than ${MEGABYTES} MB of memory, or aborts` : `it ends with ${end}`;
      if (ends === MAX_CRASHES) return `The transform ends its process, ${MAX_CRASHES} times with this event alone: ${how}.`;
    }
  }

  return async ({ bytes, attempt, milliseconds }) => {
    if (attempt > 1) {
      clearTimeout(trialTimer);
      trialTimer = setTimeout(stopTrials, trialPeriodMs).unref();
    }
    return trialTimer && oneAtATime(() => tryOut(bytes, milliseconds));
  };
}

/** Start a process, and wait until it has loaded the code. */
async function startProcess(code: string): Promise<ChildProcess> {
  const child = fork(code, [ROLE], {
    // If an option is set twice, the last one is used.
    execArgv: [...process.execArgv, `--max-old-space-size=${MEGABYTES}`],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  // If it ends between two events, no event is the cause.
  child.on('error', () => {});
  const end = await outcomeOf(child);
  if (end !== SURVIVED) throw new Error(`its process ends with ${end} while it loads`);
  // It must not keep the server running.
  child.unref();
  child.channel?.unref();
  return child;
}

function outcome(child: ChildProcess, request: TrialRequest): Promise<string> {
  const answer = outcomeOf(child);
  // If it cannot be sent, the process is ending.
  child.send(request, () => {});
  return answer;
}

function isAlive({ connected, exitCode, signalCode, killed }: ChildProcess): boolean {
  return connected && exitCode === null && signalCode === null && !killed;
}

/** The next message of a process, or the signal or exit code with which it ended. */
function outcomeOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    const done = (how: string) => {
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      resolve(how);
    };
    const onMessage = (message: unknown) => message === SURVIVED && done(SURVIVED);
    const onExit = (code: number | null, signal: string | null) => done(signal ?? `exit code ${code}`);
    const onError = (error: Error) => done(inOneLine(error));
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
  });
}

/** Whether this process is a trial process. Such a process starts no trials. */
export function isTrial(): boolean {
  return process.argv[2] === ROLE;
}

/** Handle the events of the server, if this process is a trial process. */
export function answerTrials(run: (request: TrialRequest) => void): void {
  const { channel } = process;
  if (!isTrial() || !channel) return;
  const atRest = Math.ceil(process.memoryUsage.rss() / 1e6);
  // The server ends this process. A signal to all processes of the instance must not be blamed on an event.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  process.on('disconnect', () => process.exit());
  const survived = () => process.send?.(SURVIVED, undefined, undefined, () => {});
  process.on('message', (request: TrialRequest) => {
    run({ ...request, megabytes: atRest + request.megabytes });
    // An unhandled rejection of a promise ends the process before this runs.
    setImmediate(survived);
  });
  channel.ref();
  survived();
}
