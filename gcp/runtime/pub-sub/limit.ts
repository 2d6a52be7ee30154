import type { Session } from 'node:inspector';
import { Worker } from 'node:worker_threads';

/** The limits of one run. */
export interface Limit {
  readonly milliseconds: number;
  /**
   * How much memory the process may use during the run, in MB.
   * @default - the memory of the instance
   */
  readonly megabytes?: number;
}

/** The signal that ends the process if a run takes too long. */
export const TOO_LONG = 'SIGXCPU';

/** The data for the watching thread: how often a run started or ended, which is odd during a run, and the limits of the run. */
type Shared = Int32Array<SharedArrayBuffer>;
const [RUNS, MILLISECONDS, MEGABYTES] = [0, 1, 2];
let state: Shared | undefined;

/**
 * Run a function that may never return: then another thread ends the process, with `SIGXCPU`, or with `SIGABRT` if it uses too much
 * memory. Without this, Cloud Run would end only the call after its timeout, and send further calls to the blocked instance. The cost of a
 * run is too small to measure.
 * @see https://cloud.google.com/run/docs/configuring/request-timeout
 */
export function withinLimit<Result>(run: () => Result, { milliseconds, megabytes = 0 }: Limit): Result {
  state ??= startWatching();
  Atomics.store(state, MILLISECONDS, milliseconds);
  Atomics.store(state, MEGABYTES, megabytes);
  Atomics.add(state, RUNS, 1);
  try {
    return run();
  } finally {
    Atomics.add(state, RUNS, 1);
  }
}

function startWatching(): Shared {
  const shared = new Int32Array(new SharedArrayBuffer(16));
  const source = `(${watch})(require('node:worker_threads').workerData, require('node:inspector').Session, require('node:fs').writeSync)`;
  // The thread must not load the modules that the server preloads.
  const thread = new Worker(source, { eval: true, workerData: shared, execArgv: [], name: 'limit' });
  thread.on('error', (error) =>
    console.log(JSON.stringify({ severity: 'ERROR', message: `The time limit of the transform does not work: ${error}` })),
  );
  thread.unref();
  return shared;
}

/** Runs as text in its own thread, so it cannot use anything outside of this function. */
function watch(state: Shared, Inspector: typeof Session, write: (file: number, text: string) => void) {
  const ROUND_MS = 50;
  const end = (signal: string, reason: string) => {
    clearInterval(watching);
    try {
      write(1, `${JSON.stringify({ severity: 'ERROR', message: `${reason} Its process ends.` })}\n`);
    } catch {
      // Standard output is closed.
    }
    process.kill(process.pid, signal);
    // In a container, process 1 ignores signals without a handler. So it also runs process.exit itself.
    const session = new Inspector();
    session.connectToMainThread();
    session.post('Runtime.evaluate', { expression: 'process.exit(70)' });
  };
  let [seen, rounds] = [0, 0];
  // Rounds are counted instead of time, because the run makes no progress while the platform gives the process no CPU.
  const watching = setInterval(() => {
    const runs = Atomics.load(state, 0);
    rounds = runs === seen && runs % 2 !== 0 ? rounds + 1 : 0;
    seen = runs;
    if (rounds === 0) return;
    const [milliseconds, megabytes] = [Atomics.load(state, 1), Atomics.load(state, 2)];
    if (rounds * ROUND_MS >= milliseconds) end('SIGXCPU', `The transform did not end within ${milliseconds / 1000} s.`);
    else if (megabytes > 0 && process.memoryUsage.rss() > megabytes * 1e6) end('SIGABRT', 'The transform needs too much memory.');
  }, ROUND_MS);
}
