import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The clock of the emulators. Waiting times of a cloud (the window of a batch, the pause before a retry) are `factor` times shorter
 * here; processing is not faster.
 */
export class Pace {
  constructor(readonly factor = 60) {}

  /** The length of a waiting time of the cloud here, in milliseconds. */
  scaled(milliseconds: number): number {
    return milliseconds / this.factor;
  }

  /** Wait for a waiting time of the cloud. `signal` ends the wait without an error. */
  async wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    await sleep(this.scaled(milliseconds), undefined, { signal }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
  }
}
