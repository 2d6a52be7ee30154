import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** What the bundle does not hold is not found. */
const ALONE = ['--require', path.join(__dirname, 'alone.cjs')];

/** How a process of the handler is run. */
export interface WorkerOptions {
  /** The folder of the unpacked bundle. */
  readonly folder: string;
  /** What Node runs, with its arguments. */
  readonly command: readonly string[];
  /** The whole environment. Nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** The memory that the template gives, in MiB. */
  readonly memoryMiB: number;
  /** Hears each line that the process writes. */
  log(line: string): void;
}

/** The bundle of a handler in a process of its own, which can be killed and stalled. */
export class Worker {
  readonly process: ChildProcess;
  /** Resolves when the process is gone, however it went. */
  readonly gone: Promise<void>;
  private ended = false;

  constructor({ folder, command, env, memoryMiB, log }: WorkerOptions) {
    this.process = spawn(process.execPath, [`--max-old-space-size=${memoryMiB}`, ...ALONE, ...command], {
      cwd: folder,
      env: { ...env },
      // The channel lets the process end itself when this one is gone, however that went.
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

  /** Stop it where it stands, as a process does that waits for something that never comes. */
  stall() {
    const { pid } = this.process;
    if (!this.alive || pid === undefined) return;
    // A process that is stopped does not notice that this one is gone. Another one does, and ends it.
    const watch = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$0"', String(pid)], { stdio: ['pipe', 'ignore', 'ignore'], env: {} });
    void this.gone.then(() => watch.kill('SIGKILL'));
    this.process.kill('SIGSTOP');
  }

  /** End it at once, without a word. */
  async kill(): Promise<void> {
    if (this.alive) this.process.kill('SIGKILL');
    await this.gone;
  }

  /** Send it a message over its channel, and hear its next one. A process that goes away answers with a fault. */
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
