import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { type Loopback, serve } from '../../loopback';
import { GUARD } from '../../seal';
import { Worker } from '../../worker';
import type { CallEnd, Invocation } from '../site';
import { RuntimeApi } from './runtime-api';

/** The settings of the process of a function. */
export interface ProcessOptions {
  readonly functionArn: string;
  /** The folder of the unpacked bundle. */
  readonly folder: string;
  /** The whole environment, except the address of the Runtime API. */
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  log(line: string): void;
}

const BOOTSTRAP = path.join(__dirname, 'bootstrap.js');

/** One process of a function. It is reused for further calls. */
export class LambdaProcess {
  private timedOut = false;
  private limit?: NodeJS.Timeout;

  private constructor(
    private readonly options: ProcessOptions,
    private readonly api: RuntimeApi,
    private readonly server: Loopback,
    private readonly worker: Worker,
  ) {}

  static async start(options: ProcessOptions): Promise<LambdaProcess> {
    const api = new RuntimeApi();
    const server = await serve(api.respond);
    const env = { ...options.env, AWS_LAMBDA_RUNTIME_API: server.host };
    const worker = new Worker({ ...options, command: [...GUARD, BOOTSTRAP], env });
    const started = new LambdaProcess(options, api, server, worker);
    void worker.gone.then(() => server.close());
    return started;
  }

  get alive(): boolean {
    return this.worker.alive;
  }

  get accessKeyId(): string | undefined {
    return this.options.env.AWS_ACCESS_KEY_ID;
  }

  /**
   * Wait until it requests its first call.
   * @throws Error with the message of the handler if it cannot start
   */
  async ready(): Promise<void> {
    const ended = await Promise.race([this.api.ready(), this.worker.gone.then(() => this.exitError())]);
    if (ended) throw new Error(ended.error);
  }

  /** Call the function once. An error of the function is returned, not thrown. */
  async invoke(payload: string): Promise<Invocation> {
    const requestId = randomUUID();
    const { functionArn, timeoutSeconds } = this.options;
    const timeoutMilliseconds = timeoutSeconds * 1000;
    this.expireIn(timeoutMilliseconds);
    const answered = this.api.give({ requestId, functionArn, payload, timeoutMilliseconds }, () => this.expireIn(timeoutMilliseconds));
    const end = await Promise.race([answered, this.worker.gone.then(() => this.exitError())]);
    clearTimeout(this.limit);
    return { requestId, ...end };
  }

  /** Pause it, and end it after `milliseconds` with a timeout. */
  stall(milliseconds: number) {
    this.worker.stall();
    this.expireIn(milliseconds);
  }

  async kill(): Promise<void> {
    clearTimeout(this.limit);
    await this.worker.kill();
    await this.server.close();
  }

  private expireIn(milliseconds: number) {
    clearTimeout(this.limit);
    this.limit = setTimeout(() => {
      this.timedOut = true;
      void this.worker.kill();
    }, milliseconds);
  }

  /** Why the process has ended. */
  private exitError(): { readonly error: string } & CallEnd {
    if (this.timedOut) return { error: `Task timed out after ${this.options.timeoutSeconds.toFixed(2)} seconds` };
    if (this.api.initError) return { error: this.api.initError };
    const { exitCode, signalCode } = this.worker.process;
    return { error: `Runtime.ExitError: Runtime exited with error: ${signalCode ? `signal: ${signalCode}` : `exit status ${exitCode}`}` };
  }
}
