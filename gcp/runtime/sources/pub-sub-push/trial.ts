import { type ChildProcess, fork } from 'node:child_process';
import { getHeapStatistics } from 'node:v8';
import { inOneLine } from '../../../../shared/runtime/verdict';
import { TOO_LONG } from './limit';

/** An event that is tried out, before it is decided about. */
export interface Tried {
  readonly bytes: Buffer;
  /** How often it was delivered, this time included. */
  readonly attempt: number;
  /** How long the transform may take. */
  readonly milliseconds: number;
}

/** @returns why the transform must not run on an event: what it does to the process. Nothing when it may. */
export type Trial = (event: Tried) => Promise<string | undefined>;

/** What a process is told that is there for trials. */
interface Question {
  readonly bytes: Buffer;
  readonly milliseconds: number;
  readonly megabytes: number;
}

/** What a process says that is there for trials: when it can take an event, and when the event did nothing to it. */
const SURVIVED = 'survived';
/** What a process ends with when the engine gives up, for want of memory as a rule. */
const ABORTS = ['SIGABRT', 'SIGTRAP', 'SIGILL'];

const ROLE = 'trial';
/** How long trials go on after the last event that came again. */
const LULL_MS = 60_000;
/** So many processes in a row end with an event, and each held it alone. A first one may end by chance. */
const TOO_OFTEN = 2;
/** What an event may take in a trial: half of what the code of the server may, so that both fit an instance. */
const MEGABYTES = Math.floor(getHeapStatistics().heap_size_limit / 2e6);

/**
 * Try events in a process of its own, one at a time: when it ends, it was with that event.
 *
 * An event that comes again may have ended a process before. From then on, and until a minute has passed without another one, every event
 * is tried: those that come again too have lost an attempt already, and an event that is new does not take another one from them. While
 * none has come again, none is tried, since a trial costs as much as the event itself.
 *
 * A thread would not do: when it runs out of memory, it may take its process along (nodejs/node#47224).
 * @param code the file that the process runs. It calls {@link answerTrials}.
 */
export function trialsOf(code: string, lull = LULL_MS): Trial {
  if (isTrial()) return async () => undefined;
  let child: ChildProcess | undefined;
  let doubt: NodeJS.Timeout | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(act: () => Result | Promise<Result>): Promise<Result> => {
    const mine = turn.then(act);
    turn = mine.catch(() => {});
    return mine;
  };
  const rest = () => {
    doubt = undefined;
    void inTurn(() => {
      if (doubt) return;
      if (child?.connected) child.disconnect();
      child = undefined;
    });
  };

  async function hold(bytes: Buffer, milliseconds: number): Promise<string | undefined> {
    for (let ends = 1; ; ends++) {
      try {
        if (!child || !isAlive(child)) child = await started(code);
      } catch (error) {
        console.log(JSON.stringify({ severity: 'WARNING', message: `An event is not tried out first: ${inOneLine(error)}` }));
        return undefined;
      }
      const end = await outcome(child, { bytes, milliseconds, megabytes: MEGABYTES });
      if (end === SURVIVED) return undefined;
      child.kill('SIGKILL');
      if (end === TOO_LONG) return `The transform did not end within ${milliseconds / 1000} s.`;
      const how = ABORTS.includes(end) ? `it needs more than ${MEGABYTES} MB of memory, or aborts` : `it ends with ${end}`;
      if (ends === TOO_OFTEN) return `The transform ends its process, ${TOO_OFTEN} times with this event alone: ${how}.`;
    }
  }

  return async ({ bytes, attempt, milliseconds }) => {
    if (attempt > 1) {
      clearTimeout(doubt);
      doubt = setTimeout(rest, lull).unref();
    }
    return doubt && inTurn(() => hold(bytes, milliseconds));
  };
}

/** Start a process, and wait until it has loaded the code. */
async function started(code: string): Promise<ChildProcess> {
  const child = fork(code, [ROLE], {
    // Of two that say the same, the last one counts.
    execArgv: [...process.execArgv, `--max-old-space-size=${MEGABYTES}`],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  // What becomes of it between two events is the fault of none.
  child.on('error', () => {});
  const end = await heard(child);
  if (end !== SURVIVED) throw new Error(`its process ends with ${end} while it loads`);
  // It does not keep the server, when that is about to end.
  child.unref();
  child.channel?.unref();
  return child;
}

function outcome(child: ChildProcess, question: Question): Promise<string> {
  const answer = heard(child);
  // When it cannot be sent, the process is about to end.
  child.send(question, () => {});
  return answer;
}

function isAlive({ connected, exitCode, signalCode, killed }: ChildProcess): boolean {
  return connected && exitCode === null && signalCode === null && !killed;
}

/** That a process has survived, or what it ended with. */
function heard(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    const settle = (how: string) => {
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      resolve(how);
    };
    const onMessage = (message: unknown) => message === SURVIVED && settle(SURVIVED);
    const onExit = (code: number | null, signal: string | null) => settle(signal ?? `exit code ${code}`);
    const onError = (error: Error) => settle(inOneLine(error));
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
  });
}

/** Whether this process is there for trials. It holds none itself. */
function isTrial(): boolean {
  return process.argv[2] === ROLE;
}

/** Answer the trials of another process, where this one is there for that. */
export function answerTrials(run: (question: Question) => void): void {
  const { channel } = process;
  if (!isTrial() || !channel) return;
  const atRest = Math.ceil(process.memoryUsage.rss() / 1e6);
  // The server ends it. A signal may go to all processes of an instance, and no event is to blame for that.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  process.on('disconnect', () => process.exit());
  const survived = () => process.send?.(SURVIVED, undefined, undefined, () => {});
  process.on('message', (question: Question) => {
    run({ ...question, megabytes: atRest + question.megabytes });
    // A promise that was rejected, and that nobody holds, ends the process before that.
    setImmediate(survived);
  });
  channel.ref();
  survived();
}
