import type { ReceivedEventData } from '@azure/event-hubs';
import type { Chaos } from '../../chaos';
import type { Pace } from '../../pace';
import type { Witness } from '../../platform';
import type { FunctionsApp, ProcessGone } from './functions-app';
import type { HostConfig } from './host-config';
import { invocationOf } from './invocation';
import type { EventHubTrigger } from './trigger';

/** What a delivery reports to, and its settings. */
export interface DeliveryOptions {
  readonly config: HostConfig;
  readonly witness: Witness;
  readonly chaos: Chaos;
  readonly pace: Pace;
}

/** The host has lost this partition. The processor releases it. */
export class LostPlace extends Error {
  readonly code = 'ReceiverDisconnectedError';
  readonly retryable = false;
}

/** Delivers batches to one process of an app. */
export class Delivery {
  /** For each running invocation: a function that scales its time limit like all waits. */
  private readonly scaleTimeouts = new Set<() => void>();
  private isOver = false;

  constructor(
    readonly app: FunctionsApp,
    private readonly trigger: EventHubTrigger,
    private readonly options: DeliveryOptions,
  ) {}

  /**
   * Deliver a batch until it succeeds, or its retries are used up.
   * @throws LostPlace if it must be delivered again from the last checkpoint
   */
  async deliver(batch: readonly ReceivedEventData[], partitionId: string, over: AbortSignal): Promise<void> {
    const { witness, chaos, pace } = this.options;
    const { retry } = this.trigger;
    const positions = batch.map(({ sequenceNumber }) => `${partitionId}/${sequenceNumber}`);
    for (let retryCount = 0; !over.aborted; retryCount += 1) {
      witness.delivered({ positions, attempt: retryCount + 1, from: `partition ${partitionId}` });
      const why = await this.invoke(invocationOf(this.trigger, batch, partitionId, retryCount)).catch((error: ProcessGone) => error);
      if (why instanceof Error) {
        witness.answered({ positions, outcome: 'again', why: why.message });
        break;
      }
      if (why === undefined) {
        if (chaos.answer() === 'heard') return witness.answered({ positions, outcome: 'settled' });
        witness.answered({ positions, outcome: 'again', why: 'the host lost the partition before it could write a checkpoint' });
        break;
      }
      if (!retry || (retry.maxRetryCount >= 0 && retryCount >= retry.maxRetryCount))
        return witness.answered({ positions, outcome: 'given up', why });
      witness.answered({ positions, outcome: 'again', why });
      await pace.wait(retry.pause(retryCount + 1), over);
    }
    throw new LostPlace();
  }

  /** Suspend the process. Its time limit, which is then scaled like all waits, ends it. */
  async stall(): Promise<void> {
    this.app.worker.stall();
    for (const scaleTimeout of this.scaleTimeouts) scaleTimeout();
    await this.app.worker.gone;
  }

  /** Invoke the function within its time limit, which is not scaled. */
  private async invoke(request: unknown): Promise<string | undefined> {
    const limit = this.options.config.functionTimeout;
    let timer = setTimeout(() => this.end(), limit);
    const scaleTimeout = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.end(), this.options.pace.scaled(limit));
    };
    this.scaleTimeouts.add(scaleTimeout);
    try {
      return await this.app.invoke(this.trigger.name, request);
    } finally {
      clearTimeout(timer);
      this.scaleTimeouts.delete(scaleTimeout);
    }
  }

  /** End the process, with all of its running invocations. */
  private end() {
    if (this.isOver) return;
    this.isOver = true;
    const seconds = this.options.config.functionTimeout / 1000;
    this.options.witness.incident(`The function took longer than its time limit of ${seconds} s, and was ended.`);
    void this.app.worker.kill();
  }
}
