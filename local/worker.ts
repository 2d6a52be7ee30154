import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Hides packages that are not in the bundle. */
const ALONE = ['--require', path.join(__dirname, 'alone.cjs')];

/** The options of a handler process. */
export interface WorkerOptions {
  /** The folder of the unpacked bundle. */
  readonly folder: string;
  /** The script that Node runs, with its arguments. */
  readonly command: readonly string[];
  /** All environment variables. None are inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** The memory size in the template, in MiB. */
  readonly memoryMiB: number;
  /** Called with each line that the process writes. */
  log(line: string): void;
}

/** A separate process with the bundle of a handler, which can be killed and suspended. */
export class Worker {
  readonly process: ChildProcess;
  /** Resolves when the process has ended, for any reason. */
  readonly gone: Promise<void>;
  private ended = false;

  constructor({ folder, command, env, memoryMiB, log }: WorkerOptions) {
    this.process = spawn(process.execPath, [`--max-old-space-size=${memoryMiB}`, ...ALONE, ...command], {
      cwd: folder,
      env: { ...env },
      // With the IPC channel, the process ends itself when this process ends.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    for (const stream of [this.process.stdout!, this.process.stderr!]) createInterface({ input: stream }).on('line', log);
    this.gone = new Promise((resolve) => {
      const end = () => {
        this.ended = true;
        resolve();
      };
      this.process.once('exit', end);
      this.process.once('error', (error) => {
        log(String(error));
        end();
      });
    });
  }

  get alive(): boolean {
    return !this.ended;
  }

  /** Suspend it, like a process that hangs. */
  stall() {
    const { pid } = this.process;
    if (!this.alive || pid === undefined) return;
    // A suspended process does not notice that this process has ended. A watcher process ends it then.
    const watch = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$0"', String(pid)], { stdio: ['pipe', 'ignore', 'ignore'], env: {} });
    void this.gone.then(() => watch.kill('SIGKILL'));
    this.process.kill('SIGSTOP');
  }

  /** End it at once. */
  async kill(): Promise<void> {
    if (this.alive) this.process.kill('SIGKILL');
    await this.gone;
  }

  /** Send a message over the IPC channel, and return the next one from the process. Rejects if the process ends. */
  async ask<Answer>(message: unknown): Promise<Answer> {
    const gone = this.gone.then(() => {
      throw new Error('the process is gone');
    });
    gone.catch(() => {});
    if (!this.alive) await gone;
    const answer = once(this.process, 'message') as Promise<[Answer]>;
    this.process.send(message as object, () => {});
    const [heard] = await Promise.race([answer, gone]);
    return heard;
  }
}
