import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppHost, type AppHostOptions, type Reading } from '../functions/app-host';
import type { ProcessGone, Registration } from '../functions/functions-app';
import { type Tree, time } from '../functions/host-config';
import type { Invoker } from '../functions/invoker';
import { readTrigger, type Trigger } from '../functions/trigger';
import { messageOf, type QueueClient, type Received } from './queue-client';

/** How the host reads a queue, from `host.json`. */
export interface QueueConfig {
  /** How many messages are processed at the same time. */
  readonly concurrency: number;
  readonly maxDequeueCount: number;
  /** How long a failed message is hidden, in milliseconds. */
  readonly visibilityTimeout: number;
}

/** The app that the host runs, and its settings. */
export interface QueueHostOptions extends AppHostOptions {
  readonly config: QueueConfig;
  /**
   * The queue of a trigger, and its poison queue, with the identity of the trigger.
   * @throws RefusedError if the trigger does not fit the rest of the template
   */
  queuesOf(trigger: QueueTrigger): { readonly queue: QueueClient; readonly poison: QueueClient };
  /** Called for each message that is deleted from the queue. */
  done(id: string): void;
}

/** The trigger of a function, with the values of app settings. */
export type QueueTrigger = Trigger & { readonly uri: string; readonly queue: string };

/** How many messages the host asks for at once. */
const MOST = 32;
/** How long the host hides a message while it is processed. It renews that, which is not needed here. */
const HIDDEN_SECONDS = 600;
const PAUSE_MILLISECONDS = 20;

/** The settings of `host.json` for queues. Missing settings have the defaults of the host. */
export function queueConfig({ extensions }: Tree): QueueConfig {
  const { queues = {} } = (extensions ?? {}) as { queues?: Tree };
  const batchSize = Number(queues.batchSize ?? 16);
  return {
    concurrency: batchSize + Number(queues.newBatchThreshold ?? batchSize / 2),
    maxDequeueCount: Number(queues.maxDequeueCount ?? 5),
    visibilityTimeout: time(queues.visibilityTimeout ?? '00:00:00'),
  };
}

/** Read the only function of an app. */
export function readQueueTrigger(functions: readonly Registration[], settings: Readonly<Record<string, string>>): QueueTrigger {
  const expected = { type: 'queueTrigger', dataType: 'binary' };
  const trigger = readTrigger(functions, settings, { expected, known: ['queueName'] });
  return { ...trigger, uri: trigger.connection('__queueServiceUri'), queue: trigger.property('queueName') };
}

/**
 * The Functions host, as far as a trigger of a storage queue needs it: it passes each message to the app, deletes it if the function
 * succeeds, and otherwise shows it again after the visibility timeout, or moves it to the poison queue after too many deliveries.
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#poison-messages
 */
export class QueueHost extends AppHost<QueueHostOptions> {
  /** @throws Error with the message of the app, if it does not load */
  static start(options: QueueHostOptions): Promise<QueueHost> {
    return new QueueHost(options).open();
  }

  protected override async read(invoker: Invoker, over: AbortSignal): Promise<Reading> {
    // Each message that waits for its next try listens.
    setMaxListeners(0, over);
    const trigger = readQueueTrigger(invoker.app.functions, this.options.env);
    const queues = this.options.queuesOf(trigger);
    const polling = this.poll(queues.queue, over, (message) => this.deliver(message, { invoker, trigger, ...queues, over }));
    return {
      close: async () => {
        await polling;
        queues.queue.close();
        queues.poison.close();
      },
    };
  }

  /** Receive messages while there is room, until the run is over. */
  private async poll(queue: QueueClient, over: AbortSignal, deliver: (message: Received) => Promise<void>): Promise<void> {
    const running = new Set<Promise<void>>();
    const { config, witness } = this.options;
    while (!over.aborted) {
      const room = Math.min(MOST, config.concurrency - running.size);
      const received = room > 0 ? await queue.receive(room, HIDDEN_SECONDS).catch(report) : [];
      for (const message of received) {
        const delivered: Promise<void> = deliver(message)
          .catch((error: Error) => void report(error))
          .finally(() => running.delete(delivered));
        running.add(delivered);
      }
      if (received.length === 0) await sleep(PAUSE_MILLISECONDS, undefined, { signal: over }).catch(() => {});
    }
    await Promise.all(running);

    function report(error: Error): readonly Received[] {
      if (!over.aborted) witness.incident(`The queue cannot be read: ${error.message}`);
      return [];
    }
  }

  private async deliver(
    message: Received,
    {
      invoker,
      trigger,
      queue,
      poison,
      over,
    }: { invoker: Invoker; trigger: QueueTrigger; queue: QueueClient; poison: QueueClient; over: AbortSignal },
  ): Promise<void> {
    const { witness, chaos, pace, config } = this.options;
    const positions = [message.id];
    witness.delivered({ positions, attempt: message.dequeueCount, from: trigger.queue });
    const why = await invoker.invoke(trigger.name, invocationOf(trigger, message)).catch((error: ProcessGone) => error.message);
    const isHeard = why !== undefined || chaos.answer() === 'heard';
    if (why === undefined && isHeard) {
      await queue.delete(message);
      this.options.done(message.id);
      return witness.answered({ positions, outcome: 'settled' });
    }
    if (why !== undefined && message.dequeueCount >= config.maxDequeueCount) {
      await poison.send(messageOf(message.text), '604800');
      await queue.delete(message);
      this.options.done(message.id);
      return witness.answered({ positions, outcome: 'given up', why });
    }
    witness.answered({ positions, outcome: 'again', why: why ?? 'the message was not deleted after it was processed' });
    await pace.wait(isHeard ? config.visibilityTimeout : HIDDEN_SECONDS * 1000, over);
    await queue.show(message);
  }
}

/** One invocation of a function, in the format in which the host sends it to the process of the app. */
function invocationOf({ input }: QueueTrigger, { id, text, dequeueCount, inserted, popReceipt }: Received) {
  const json = (value: unknown) => ({ json: JSON.stringify(value) });
  return {
    inputData: [{ name: input, data: { bytes: Buffer.from(text) } }],
    triggerMetadata: {
      Id: { string: id },
      DequeueCount: { int: dequeueCount },
      InsertionTime: json(inserted.toISOString()),
      PopReceipt: { string: popReceipt },
    },
  };
}
