import type { EventHubConsumerClient, PartitionContext, ReceivedEventData, Subscription } from '@azure/event-hubs';
import type { ContainerClient } from '@azure/storage-blob';
import type { Chaos } from '../chaos';
import type { Pace } from '../pace';
import type { Witness } from '../platform';
import { Batches } from './batches';
import { type Credential, hubAddress } from './clients';
import { FunctionsApp, ProcessGone } from './functions-app';
import type { HostConfig } from './host-config';
import { invocationOf } from './invocation';
import { type EventHubTrigger, readTrigger } from './trigger';

/** What the host runs, and with what. */
export interface HostOptions {
  /** The unpacked package. */
  readonly folder: string;
  /** The environment of the app, all of it. */
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  readonly config: HostConfig;
  /** Where the hub is on this machine. */
  readonly hubPort: number;
  /** The container of the checkpoints, once it is there. */
  readonly checkpoints: Promise<ContainerClient>;
  /**
   * Whom the host reads as, by what the trigger says.
   * @throws RefusedError when the trigger does not fit the rest of the template
   */
  readerOf(trigger: EventHubTrigger): Credential;
  readonly witness: Witness;
  readonly chaos: Chaos;
  readonly pace: Pace;
}

/** How often the processor looks for partitions that nobody reads, and when an owner counts as gone. Both are work, and not only waits. */
const LOOK = { cloud: 10_000, atLeast: 200 };
const OWNERSHIP = { cloud: 60_000, atLeast: 2000 };
/** How long a receiver waits before it says that nothing has come. It only bounds how late a batch that waits is seen to be due. */
const POLL_SECONDS = 0.02;

/** The host is no longer the one who reads this partition. The processor lets go of it. */
class LostPlace extends Error {
  readonly code = 'ReceiverDisconnectedError';
  readonly retryable = false;
}

/** One life of the host: a process of the app, and a processor that reads for it. */
interface Life {
  readonly app: FunctionsApp;
  readonly client: EventHubConsumerClient;
  readonly subscription: Subscription;
  readonly over: AbortController;
}

/**
 * The Functions host, as far as an Event Hubs trigger needs it: reads each partition with the official processor, hands
 * batches to the app, tries them again by the app's retry policy, and then writes a checkpoint, whatever came of it.
 */
export class FunctionsHost {
  /** How many events of each partition are done with. */
  private readonly done = new Map<string, number>();
  private readonly checkpointed = new Map<string, number>();
  private readonly stalls = new Set<() => void>();
  private life?: Promise<Life>;
  private app?: FunctionsApp;
  private isStopped = false;

  private constructor(private readonly options: HostOptions) {}

  /** @throws Error with what the app says when it does not load */
  static async start(options: HostOptions): Promise<FunctionsHost> {
    const host = new FunctionsHost(options);
    host.life = host.begin();
    await host.life;
    return host;
  }

  /** How many events of a partition are done with: processed, or given up. */
  doneWith(partition: string): number {
    return this.done.get(partition) ?? 0;
  }

  /** End the process of the app, as a crash does. */
  async kill(): Promise<void> {
    await this.app?.worker.kill();
  }

  /** Stop the process of the app where it stands. Its time limit, which passes as fast as all waits, ends it. */
  async stall(): Promise<void> {
    this.app?.worker.stall();
    for (const stall of this.stalls) stall();
    await this.app?.worker.gone;
  }

  async close(): Promise<void> {
    this.isStopped = true;
    const life = await this.life?.catch(() => undefined);
    if (life) await this.end(life);
  }

  private async begin(): Promise<Life> {
    const { folder, env, memoryMiB, witness, config, checkpoints, hubPort, pace } = this.options;
    const app = await FunctionsApp.start({ folder, env, memoryMiB, log: (line) => witness.log(line) });
    this.app = app;
    try {
      const trigger = readTrigger(app.functions, env);
      const credential = this.options.readerOf(trigger);
      const { EventHubConsumerClient, earliestEventPosition, latestEventPosition }: typeof import('@azure/event-hubs') =
        require('@azure/event-hubs');
      const { BlobCheckpointStore }: typeof import('@azure/eventhubs-checkpointstore-blob') =
        require('@azure/eventhubs-checkpointstore-blob');
      const store = new BlobCheckpointStore(await checkpoints);
      const address = hubAddress(trigger.host, hubPort);
      const client = new EventHubConsumerClient(trigger.consumerGroup, address.host, trigger.hub, credential, store, {
        ...address.options,
        loadBalancingOptions: {
          strategy: 'greedy',
          updateIntervalInMs: Math.max(LOOK.atLeast, pace.scaled(LOOK.cloud)),
          partitionOwnershipExpirationIntervalInMs: Math.max(OWNERSHIP.atLeast, pace.scaled(OWNERSHIP.cloud)),
        },
      });
      const over = new AbortController();
      const reading = new Map<string, { readonly batches: Batches<ReceivedEventData>; count: number }>();
      const size = { min: config.minEventBatchSize, max: config.maxEventBatchSize };
      const subscription = client.subscribe(
        {
          processInitialize: async ({ partitionId }) => {
            reading.set(partitionId, { batches: new Batches(size, pace.scaled(config.maxWaitTime)), count: 0 });
            this.done.set(partitionId, this.checkpointed.get(partitionId) ?? 0);
          },
          processEvents: async (events, context) => {
            const partition = reading.get(context.partitionId)!;
            for (const batch of partition.batches.take(events, Date.now())) {
              await this.deliver(app, trigger, batch, context, over.signal);
              partition.count += 1;
              if (partition.count % config.batchCheckpointFrequency === 0) await this.checkpoint(batch, context);
              this.done.set(context.partitionId, batch.at(-1)!.sequenceNumber + 1);
            }
          },
          processError: async (error, { partitionId }) => {
            if (over.signal.aborted || error instanceof LostPlace) return;
            witness.incident(`The host could not read${partitionId && ` partition ${partitionId}`}: ${error.message}`);
          },
          processClose: async (_, context) => {
            if (!over.signal.aborted) await letGo(store, context);
          },
        },
        {
          startPosition: config.initialOffset === 'fromStart' ? earliestEventPosition : latestEventPosition,
          maxBatchSize: config.maxEventBatchSize,
          maxWaitTimeInSeconds: POLL_SECONDS,
          skipParsingBodyAsJson: true,
        },
      );
      const life = { app, client, subscription, over };
      void app.worker.gone.then(() => this.beginAgain(life));
      return life;
    } catch (error) {
      await app.worker.kill();
      throw error;
    }
  }

  /** After a crash the host has forgotten everything: batches come again from the last checkpoint, as if never tried. */
  private beginAgain(life: Life) {
    if (this.isStopped) return;
    this.options.witness.incident('The process of the app is gone. It is started again, and reads on from the last checkpoint.');
    this.life = this.end(life).then(() => this.begin());
    this.life.catch((error: Error) => this.options.witness.incident(error.message));
  }

  private async end({ app, client, subscription, over }: Life) {
    over.abort();
    await app.worker.kill();
    await subscription.close();
    await client.close();
  }

  /**
   * Bring a batch to the app until it is settled, or its retries are used up.
   * @throws LostPlace when it must come again from the last checkpoint
   */
  private async deliver(
    app: FunctionsApp,
    trigger: EventHubTrigger,
    batch: ReceivedEventData[],
    context: PartitionContext,
    over: AbortSignal,
  ) {
    const { witness, chaos, pace } = this.options;
    const positions = batch.map(({ sequenceNumber }) => `${context.partitionId}/${sequenceNumber}`);
    for (let retryCount = 0; ; retryCount += 1) {
      if (over.aborted) throw new LostPlace();
      witness.delivered({ positions, attempt: retryCount + 1, from: `partition ${context.partitionId}` });
      const request = invocationOf(trigger, batch, context.partitionId, retryCount);
      const why = await this.invoke(app, trigger.name, request).catch((error: Error) => error);
      if (why instanceof Error) {
        witness.answered({ positions, outcome: 'again', why: why.message });
        throw why instanceof ProcessGone ? new LostPlace() : why;
      }
      if (why === undefined) {
        const isHeard = chaos.answer() === 'heard';
        if (isHeard) return witness.answered({ positions, outcome: 'settled' });
        witness.answered({ positions, outcome: 'again', why: 'the host lost the partition before it could write a checkpoint' });
        throw new LostPlace();
      }
      if (!trigger.retry || retryCount >= trigger.retry.maxRetryCount) return witness.answered({ positions, outcome: 'given up', why });
      witness.answered({ positions, outcome: 'again', why });
      await pace.wait(trigger.retry.pause(retryCount + 1), over);
    }
  }

  /** Within the time limit, which is real, but for a process that was stopped on purpose. */
  private async invoke(app: FunctionsApp, name: string, request: unknown): Promise<string | undefined> {
    const { pace, config, witness } = this.options;
    const limit = config.functionTimeout;
    const end = () => {
      // One invocation ends all that the process has under way.
      if (app.isEnding) return;
      app.isEnding = true;
      witness.incident(`The function took longer than its time limit of ${limit / 1000} s, and was ended.`);
      void app.worker.kill();
    };
    let timer = setTimeout(end, limit);
    const stall = () => {
      clearTimeout(timer);
      timer = setTimeout(end, pace.scaled(limit));
    };
    this.stalls.add(stall);
    try {
      return await app.invoke(name, request);
    } finally {
      clearTimeout(timer);
      this.stalls.delete(stall);
    }
  }

  private async checkpoint(batch: readonly ReceivedEventData[], context: PartitionContext) {
    const last = batch.at(-1)!;
    await context.updateCheckpoint(last);
    this.checkpointed.set(context.partitionId, last.sequenceNumber + 1);
  }
}

/** Give a partition back, so that it is taken again at once, and not only when its owner counts as gone. */
async function letGo(store: import('@azure/event-hubs').CheckpointStore, context: PartitionContext) {
  const { fullyQualifiedNamespace, eventHubName, consumerGroup, partitionId } = context;
  const owned = await store.listOwnership(fullyQualifiedNamespace, eventHubName, consumerGroup);
  await store.claimOwnership(owned.filter((one) => one.partitionId === partitionId).map((one) => ({ ...one, ownerId: '' })));
}
