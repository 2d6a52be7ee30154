import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Poster } from '../../http';
import type { Answer } from '../../loopback';
import { GUARD } from '../../seal';
import { Worker, type WorkerOptions } from '../../worker';

/** The functions framework, which the platform installs and runs as the server. */
const SOURCE = path.dirname(require.resolve('@google-cloud/functions-framework'));
export const FRAMEWORK: { readonly name: string; readonly version: string } = JSON.parse(
  readFileSync(path.join(SOURCE, '../../package.json'), 'utf8'),
);
const COMMAND = [...GUARD, '--require', path.join(__dirname, 'instance-preload.cjs'), path.join(SOURCE, 'main.js')];

/** The settings of an instance. */
export type InstanceOptions = Omit<WorkerOptions, 'command'>;

/** One instance of a function: the functions framework with the code, in its own process. */
export class Instance {
  private readonly poster = new Poster(Number.POSITIVE_INFINITY);
  /** The status for pending calls when the instance ends. */
  private status = 503;

  private constructor(
    private readonly worker: Worker,
    private readonly port: number,
  ) {}

  /**
   * Start an instance, and wait until it listens.
   * @throws Error with its output, if it ends before that
   */
  static async start(options: InstanceOptions): Promise<Instance> {
    const lines: string[] = [];
    let starting = true;
    const log = (line: string) => {
      if (starting) lines.push(line);
      options.log(line);
    };
    const worker = new Worker({ ...options, command: COMMAND, log });
    const listening = once(worker.process, 'message') as Promise<[number]>;
    // `close` comes after the last output.
    const closed = new Promise<[undefined]>((resolve) => worker.process.once('close', () => resolve([undefined])));
    const [port] = await Promise.race([listening, closed]);
    starting = false;
    if (port !== undefined) return new Instance(worker, port);
    const [fault] = lines.flatMap((line) => /\b\w*Error: .*/.exec(line) ?? []);
    throw new Error(`the function did not start: ${fault ?? lines.join(' ')}`);
  }

  get alive(): boolean {
    return this.worker.alive;
  }

  /** Send it a request. If the instance ends, the status of `end` is returned. */
  async call(pathAndQuery: string, request: { headers: OutgoingHttpHeaders; body: Buffer; signal: AbortSignal }): Promise<Answer> {
    try {
      const { status, body } = await this.poster.post(
        `http://127.0.0.1:${this.port}${pathAndQuery}`,
        request.headers,
        request.body,
        request.signal,
      );
      return { status, body };
    } catch {
      if (request.signal.aborted) return { status: 504 };
      // A process closes its connections shortly before it ends.
      await Promise.race([this.worker.gone, sleep(100, undefined, { ref: false })]);
      return { status: this.status };
    }
  }

  /** Suspend it. */
  stall() {
    this.worker.stall();
  }

  /** End it at once. */
  async end(status = 503): Promise<void> {
    this.status = status;
    await this.worker.kill();
    this.poster.close();
  }
}
