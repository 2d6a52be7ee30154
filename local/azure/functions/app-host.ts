import type { Chaos } from '../../chaos';
import { FunctionsApp, ProcessGone } from './functions-app';
import { Invoker, type InvokerOptions } from './invoker';

/** The app that a host runs, and its settings. */
export interface AppHostOptions extends InvokerOptions {
  /** The unpacked package. */
  readonly folder: string;
  /** The complete environment of the app. */
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  readonly chaos: Chaos;
}

/** What reads the source of a trigger for one process of the app. */
export interface Reading {
  close(): Promise<void>;
}

/** How often an app is loaded if its process ends while it loads, and the pause between, in milliseconds before scaling. */
const LOADS = 5;
const LOAD_PAUSE = 10_000;

/** One run of a host: a process of the app, and what reads for it. */
interface Run {
  readonly app: FunctionsApp;
  readonly reading: Reading;
  readonly over: AbortController;
}

/** The Functions host: loads the app, reads the source of its trigger, and starts again after a crash. Each type of trigger reads in its own way. */
export abstract class AppHost<Options extends AppHostOptions = AppHostOptions> {
  private run?: Promise<Run>;
  private invoker?: Invoker;
  private isStopped = false;

  protected constructor(protected readonly options: Options) {}

  /**
   * Read the source, and invoke the function.
   * @param over ends with the run
   * @throws RefusedError if the trigger does not fit the rest of the template
   */
  protected abstract read(invoker: Invoker, over: AbortSignal): Promise<Reading>;

  /** @throws Error with the message of the app, if it does not load */
  async open(): Promise<this> {
    this.run = this.begin();
    await this.run;
    return this;
  }

  /** End the process of the app, as a crash does. */
  async kill(): Promise<void> {
    await this.invoker?.app.worker.kill();
  }

  /** Suspend the process of the app. Its time limit, which is then scaled like all waits, ends it. */
  async stall(): Promise<void> {
    await this.invoker?.stall();
  }

  async close(): Promise<void> {
    this.isStopped = true;
    const run = await this.run?.catch(() => undefined);
    if (run) await this.end(run);
  }

  private async begin(): Promise<Run> {
    const app = await this.load();
    try {
      this.invoker = new Invoker(app, this.options);
      const over = new AbortController();
      const run = { app, over, reading: await this.read(this.invoker, over.signal) };
      void app.worker.gone.then(() => this.beginAgain(run));
      return run;
    } catch (error) {
      await app.worker.kill();
      throw error;
    }
  }

  /** After a crash, the host starts without memory. */
  private beginAgain(run: Run) {
    if (this.isStopped) return;
    const { witness } = this.options;
    witness.incident('The process of the app has ended. It is started again, and continues with what was not settled.');
    this.run = this.end(run).then(() => this.begin());
    this.run.catch((error: Error) => {
      if (!this.isStopped) witness.broken(error.message);
    });
  }

  /** Load the app. If its process ends while it loads, it is loaded again, as by the real host, but with a limit. */
  private async load(): Promise<FunctionsApp> {
    const { folder, env, memoryMiB, witness, pace } = this.options;
    for (let loads = 1; ; loads += 1) {
      try {
        return await FunctionsApp.start({ folder, env, memoryMiB, log: (line) => witness.log(line) });
      } catch (error) {
        if (!(error instanceof ProcessGone) || loads === LOADS || this.isStopped) throw error;
        witness.incident(`${error.message}. It is loaded again.`);
        await pace.wait(LOAD_PAUSE);
      }
    }
  }

  private async end({ app, reading, over }: Run) {
    over.abort();
    await app.worker.kill();
    await reading.close();
  }
}
