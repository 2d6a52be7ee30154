import path from 'node:path';
import { GUARD } from '../../seal';
import { Worker, type WorkerOptions } from '../../worker';

/** A length of time, as the library of Azure Functions registers it. */
export interface Interval {
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
}

/** What an app says about one of its functions. */
export interface Registration {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly retryOptions?: {
    readonly retryStrategy?: string;
    readonly maxRetryCount?: number;
    readonly delayInterval?: Interval;
    readonly minimumInterval?: Interval;
    readonly maximumInterval?: Interval;
  };
}

type Heard =
  | { readonly registered: readonly Registration[] }
  | { readonly failed: string }
  | { readonly invocationId: string; readonly error?: string };

/** The process ended while it had work, or was ended. */
export class ProcessGone extends Error {}

/** A function app in a process of its own. Several invocations can be under way at a time. */
export class FunctionsApp {
  private readonly calls = new Map<string, { resolve(error?: string): void; reject(error: Error): void }>();
  private count = 0;

  private constructor(
    readonly worker: Worker,
    readonly functions: readonly Registration[],
  ) {
    worker.process.on('message', (heard: Heard) => {
      if ('invocationId' in heard) this.calls.get(heard.invocationId)?.resolve(heard.error);
    });
    void worker.gone.then(() => {
      for (const { reject } of this.calls.values()) reject(new ProcessGone('the process is gone'));
    });
  }

  /**
   * Load the app, and hear what it registers.
   * @throws Error with what the app itself says, when it does not load
   * @throws ProcessGone when its process is ended while it loads
   */
  static async start(options: Omit<WorkerOptions, 'command'>): Promise<FunctionsApp> {
    const worker = new Worker({ ...options, command: [...GUARD, path.join(__dirname, 'functions-worker.js')] });
    const heard = await new Promise<Heard | undefined>((resolve) => {
      worker.process.once('message', resolve);
      void worker.gone.then(() => resolve(undefined));
    });
    if (!heard) throw new ProcessGone('The function app does not load: the process ended before it had registered a function');
    if ('registered' in heard) return new FunctionsApp(worker, heard.registered);
    await worker.kill();
    throw new Error(`The function app does not load: ${'failed' in heard ? heard.failed : 'it said something else first'}`);
  }

  /**
   * Invoke a function.
   * @returns what it failed with, or nothing
   * @throws ProcessGone when the process does not live to answer
   */
  async invoke(name: string, request: unknown): Promise<string | undefined> {
    if (!this.worker.alive) throw new ProcessGone('the process is gone');
    const invocationId = String(++this.count);
    const answered = new Promise<string | undefined>((resolve, reject) => this.calls.set(invocationId, { resolve, reject }));
    this.worker.process.send({ name, invocationId, request }, () => {});
    return answered.finally(() => this.calls.delete(invocationId));
  }
}

/** A length of time in milliseconds. */
export function millisecondsOf({ hours = 0, minutes = 0, seconds = 0, milliseconds = 0 }: Interval = {}): number {
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds;
}
