import path from 'node:path';
import { GUARD } from '../../seal';
import { Worker, type WorkerOptions } from '../../worker';

/** A duration, as the library of Azure Functions registers it. */
export interface Interval {
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
}

/** The registration of a function of an app. */
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

type WorkerMessage =
  | { readonly registered: readonly Registration[] }
  | { readonly failed: string }
  | { readonly invocationId: string; readonly error?: string };

/** The process ended, or was ended, during an invocation. */
export class ProcessGone extends Error {}

/** A function app in its own process. Several invocations can run at the same time. */
export class FunctionsApp {
  private readonly calls = new Map<string, { resolve(error?: string): void; reject(error: Error): void }>();
  private count = 0;

  private constructor(
    readonly worker: Worker,
    readonly functions: readonly Registration[],
  ) {
    worker.process.on('message', (message: WorkerMessage) => {
      if ('invocationId' in message) this.calls.get(message.invocationId)?.resolve(message.error);
    });
    void worker.gone.then(() => {
      for (const { reject } of this.calls.values()) reject(new ProcessGone('the process has ended'));
    });
  }

  /**
   * Load the app, and wait for its registrations.
   * @throws Error with the message of the app, if it does not load
   * @throws ProcessGone if its process ends while it loads
   */
  static async start(options: Omit<WorkerOptions, 'command'>): Promise<FunctionsApp> {
    const worker = new Worker({ ...options, command: [...GUARD, path.join(__dirname, 'functions-worker.js')] });
    const message = await new Promise<WorkerMessage | undefined>((resolve) => {
      worker.process.once('message', resolve);
      void worker.gone.then(() => resolve(undefined));
    });
    if (!message) throw new ProcessGone('The function app does not load: the process ended before it had registered a function');
    if ('registered' in message) return new FunctionsApp(worker, message.registered);
    await worker.kill();
    throw new Error(`The function app does not load: ${'failed' in message ? message.failed : 'its first message was not a registration'}`);
  }

  /**
   * Invoke a function.
   * @returns the error of the function, or undefined
   * @throws ProcessGone if the process ends before it answers
   */
  async invoke(name: string, request: unknown): Promise<string | undefined> {
    if (!this.worker.alive) throw new ProcessGone('the process has ended');
    const invocationId = String(++this.count);
    const answered = new Promise<string | undefined>((resolve, reject) => this.calls.set(invocationId, { resolve, reject }));
    this.worker.process.send({ name, invocationId, request }, () => {});
    return answered.finally(() => this.calls.delete(invocationId));
  }
}

/** A duration in milliseconds. */
export function millisecondsOf({ hours = 0, minutes = 0, seconds = 0, milliseconds = 0 }: Interval = {}): number {
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds;
}
