import type { Pace } from '../../pace';
import type { Witness } from '../../platform';
import type { FunctionsApp } from './functions-app';

/** What an invoker reports to, and its settings. */
export interface InvokerOptions {
  /** How long an invocation may take, in milliseconds. */
  readonly functionTimeout: number;
  readonly witness: Witness;
  readonly pace: Pace;
}

/** Invokes the function of one process of an app, within its time limit. */
export class Invoker {
  /** For each running invocation: a function that scales its time limit like all waits. */
  private readonly scaleTimeouts = new Set<() => void>();
  private isOver = false;

  constructor(
    readonly app: FunctionsApp,
    private readonly options: InvokerOptions,
  ) {}

  /**
   * Invoke a function within its time limit, which is not scaled.
   * @returns the error of the function, or undefined
   * @throws ProcessGone if the process ends before it answers
   */
  async invoke(name: string, request: unknown): Promise<string | undefined> {
    const limit = this.options.functionTimeout;
    let timer = setTimeout(() => this.end(), limit);
    const scaleTimeout = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.end(), this.options.pace.scaled(limit));
    };
    this.scaleTimeouts.add(scaleTimeout);
    try {
      return await this.app.invoke(name, request);
    } finally {
      clearTimeout(timer);
      this.scaleTimeouts.delete(scaleTimeout);
    }
  }

  /** Suspend the process. Its time limit, which is then scaled like all waits, ends it. */
  async stall(): Promise<void> {
    this.app.worker.stall();
    for (const scaleTimeout of this.scaleTimeouts) scaleTimeout();
    await this.app.worker.gone;
  }

  /** End the process, with all of its running invocations. */
  private end() {
    if (this.isOver) return;
    this.isOver = true;
    const seconds = this.options.functionTimeout / 1000;
    this.options.witness.incident(`The function took longer than its time limit of ${seconds} s, and was ended.`);
    void this.app.worker.kill();
  }
}
