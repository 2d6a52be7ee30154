import type { ReceivedEventData } from '@azure/event-hubs';
import type { Chaos } from '../../chaos';
import type { Pace } from '../../pace';
import type { Witness } from '../../platform';
import type { ProcessGone } from '../functions/functions-app';
import type { Invoker } from '../functions/invoker';
import type { EventHubTrigger } from './hub-trigger';
import { invocationOf } from './invocation';

/** What a delivery reports to, and its settings. */
export interface DeliveryOptions {
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
  constructor(
    private readonly invoker: Invoker,
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
      const why = await this.invoker
        .invoke(this.trigger.name, invocationOf(this.trigger, batch, partitionId, retryCount))
        .catch((error: ProcessGone) => error);
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
}
