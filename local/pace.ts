import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The clock of the stand-ins. What a cloud waits for (the window of a batch, the pause before a retry) passes `factor`
 * times faster here; work takes the time it takes.
 */
export class Pace {
  constructor(readonly factor = 60) {}

  /** What a time of the cloud lasts here, in milliseconds. */
  scaled(milliseconds: number): number {
    return milliseconds / this.factor;
  }

  /** Wait for a time of the cloud. `signal` ends the wait without a fault. */
  async wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    await sleep(this.scaled(milliseconds), undefined, { signal }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
  }
}
