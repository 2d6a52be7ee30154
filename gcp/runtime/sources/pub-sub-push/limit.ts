import type { Session } from 'node:inspector';
import { Worker } from 'node:worker_threads';

/** What one run may take. */
export interface Limit {
  readonly milliseconds: number;
  /**
   * How much memory the process may have meanwhile, in MB.
   * @default - as much as the platform gives
   */
  readonly megabytes?: number;
}

/** The signal that a process ends with when a run takes too long. */
export const TOO_LONG = 'SIGXCPU';

/** What the thread that watches is told: how often a run began or ended, which is odd while one is under way, and its limit. */
type Told = Int32Array<SharedArrayBuffer>;
const [RUNS, MILLISECONDS, MEGABYTES] = [0, 1, 2];
let told: Told | undefined;

/**
 * Run something that may never come back: then another thread ends the process, with `SIGXCPU`, or with `SIGABRT` when it takes too much
 * memory. Cloud Run ends a call that takes too long, and not its instance, and goes on sending it calls. It costs a run nothing that can be measured.
 * @see https://cloud.google.com/run/docs/configuring/request-timeout
 */
export function withinLimit<Result>(run: () => Result, { milliseconds, megabytes = 0 }: Limit): Result {
  told ??= watched();
  Atomics.store(told, MILLISECONDS, milliseconds);
  Atomics.store(told, MEGABYTES, megabytes);
  Atomics.add(told, RUNS, 1);
  try {
    return run();
  } finally {
    Atomics.add(told, RUNS, 1);
  }
}

function watched(): Told {
  const shared = new Int32Array(new SharedArrayBuffer(16));
  const source = `(${watch})(require('node:worker_threads').workerData, require('node:inspector').Session, require('node:fs').writeSync)`;
  // What is loaded before the server belongs to the server.
  const thread = new Worker(source, { eval: true, workerData: shared, execArgv: [], name: 'limit' });
  thread.on('error', (error) => console.log(JSON.stringify({ severity: 'ERROR', message: `Nothing watches the transform: ${error}` })));
  thread.unref();
  return shared;
}

/** Runs as a text in a thread of its own, so it reaches for nothing around it. */
function watch(told: Told, Inspector: typeof Session, write: (file: number, text: string) => void) {
  const ROUND_MS = 50;
  const end = (signal: string, what: string) => {
    clearInterval(watching);
    try {
      write(1, `${JSON.stringify({ severity: 'ERROR', message: `${what} Its process ends.` })}\n`);
    } catch {
      // Nobody reads it any more.
    }
    process.kill(process.pid, signal);
    // Within a container, process 1 takes no signal that it does not handle. It can be told to end itself.
    const session = new Inspector();
    session.connectToMainThread();
    session.post('Runtime.evaluate', { expression: 'process.exit(70)' });
  };
  let [seen, rounds] = [0, 0];
  // Rounds are counted, not the time: while the platform gives no time to the process, the run has none either.
  const watching = setInterval(() => {
    const runs = Atomics.load(told, 0);
    rounds = runs === seen && runs % 2 !== 0 ? rounds + 1 : 0;
    seen = runs;
    if (rounds === 0) return;
    const [milliseconds, megabytes] = [Atomics.load(told, 1), Atomics.load(told, 2)];
    if (rounds * ROUND_MS >= milliseconds) end('SIGXCPU', `The transform did not end within ${milliseconds / 1000} s.`);
    else if (megabytes > 0 && process.memoryUsage.rss() > megabytes * 1e6) end('SIGABRT', 'The transform needs too much memory.');
  }, ROUND_MS);
}
