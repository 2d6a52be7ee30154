import type { CheckpointStore, EventHubConsumerClient, PartitionContext, ReceivedEventData, Subscription } from '@azure/event-hubs';
import type { ContainerClient } from '@azure/storage-blob';
import { hubAddress } from '../event-hub/hub-address';
import type { Credential } from '../identity/credential';
import { Batches } from './batches';
import { Delivery, type DeliveryOptions, LostPlace } from './delivery';
import { FunctionsApp, ProcessGone } from './functions-app';
import { type EventHubTrigger, readTrigger } from './trigger';

/** The app that the host runs, and its settings. */
export interface HostOptions extends DeliveryOptions {
  /** The unpacked package. */
  readonly folder: string;
  /** The complete environment of the app. */
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  /** The port of the emulated hub. */
  readonly hubPort: number;
  /** The container of the checkpoints, as soon as it exists. */
  readonly checkpoints: Promise<ContainerClient>;
  /**
   * The credential with which the host reads the hub of a trigger.
   * @throws RefusedError if the trigger does not fit the rest of the template
   */
  readerOf(trigger: EventHubTrigger): Credential;
}

/** How often the processor looks for partitions without a reader, and when an ownership expires. Both cause work, so they have a minimum. */
const UPDATE_INTERVAL = { cloud: 10_000, atLeast: 200 };
const OWNERSHIP = { cloud: 60_000, atLeast: 2000 };
/** How long a receiver waits for events. It limits how late a waiting batch is noticed. */
const POLL_SECONDS = 0.02;

/** How often an app is loaded if its process ends while it loads, and the pause between, in milliseconds before scaling. */
const LOADS = 5;
const LOAD_PAUSE = 10_000;

/** One run of the host: a process of the app, and a processor that reads for it. */
interface Run {
  readonly app: FunctionsApp;
  readonly client: EventHubConsumerClient;
  readonly store: CheckpointStore;
  readonly subscription: Subscription;
  readonly over: AbortController;
}

/**
 * The Functions host, as far as an Event Hubs trigger needs it: it reads each partition with the official processor, passes
 * batches to the app, retries them with the retry policy of the app, and then writes a checkpoint, even after a failure.
 */
export class FunctionsHost {
  /** How many events of each partition are processed, or failed after all retries. */
  private readonly done = new Map<string, number>();
  private readonly checkpointed = new Map<string, number>();
  private run?: Promise<Run>;
  private delivery?: Delivery;
  private isStopped = false;

  private constructor(private readonly options: HostOptions) {}

  /** @throws Error with the message of the app, if it does not load */
  static async start(options: HostOptions): Promise<FunctionsHost> {
    const host = new FunctionsHost(options);
    host.run = host.begin();
    await host.run;
    return host;
  }

  /** How many events of a partition are processed, or failed after all retries. */
  doneWith(partition: string): number {
    return this.done.get(partition) ?? 0;
  }

  /** End the process of the app, as a crash does. */
  async kill(): Promise<void> {
    await this.delivery?.app.worker.kill();
  }

  /** Suspend the process of the app. Its time limit, which is then scaled like all waits, ends it. */
  async stall(): Promise<void> {
    await this.delivery?.stall();
  }

  async close(): Promise<void> {
    this.isStopped = true;
    const run = await this.run?.catch(() => undefined);
    if (run) await this.end(run);
  }

  private async begin(): Promise<Run> {
    const app = await this.load();
    try {
      const trigger = readTrigger(app.functions, this.options.env);
      const credential = this.options.readerOf(trigger);
      this.delivery = new Delivery(app, trigger, this.options);
      const run = { app, over: new AbortController(), ...(await this.read(trigger, credential)) };
      const subscription = this.subscribe(run, this.delivery);
      void app.worker.gone.then(() => this.beginAgain({ ...run, subscription }));
      return { ...run, subscription };
    } catch (error) {
      await app.worker.kill();
      throw error;
    }
  }

  /** The official consumer client, and the official checkpoint store. */
  private async read({ consumerGroup, host, hub }: EventHubTrigger, credential: Credential) {
    const { EventHubConsumerClient: Client }: typeof import('@azure/event-hubs') = require('@azure/event-hubs');
    const { BlobCheckpointStore: Store }: typeof import('@azure/eventhubs-checkpointstore-blob') =
      require('@azure/eventhubs-checkpointstore-blob');
    const { checkpoints, hubPort, pace } = this.options;
    const store: CheckpointStore = new Store(await checkpoints);
    const address = hubAddress(host, hubPort);
    const loadBalancingOptions = {
      strategy: 'greedy',
      updateIntervalInMs: Math.max(UPDATE_INTERVAL.atLeast, pace.scaled(UPDATE_INTERVAL.cloud)),
      partitionOwnershipExpirationIntervalInMs: Math.max(OWNERSHIP.atLeast, pace.scaled(OWNERSHIP.cloud)),
    } as const;
    return { store, client: new Client(consumerGroup, address.host, hub, credential, store, { ...address.options, loadBalancingOptions }) };
  }

  private subscribe({ client, store, over }: Omit<Run, 'subscription'>, delivery: Delivery): Subscription {
    const { witness, chaos, config, pace } = this.options;
    const { earliestEventPosition, latestEventPosition }: typeof import('@azure/event-hubs') = require('@azure/event-hubs');
    const size = { min: config.minEventBatchSize, max: config.maxEventBatchSize };
    const reading = new Map<string, { readonly batches: Batches<ReceivedEventData>; count: number }>();
    return client.subscribe(
      {
        processInitialize: async ({ partitionId }) => {
          const first = this.done.has(partitionId) ? chaos.cut(size.max) : size.max;
          reading.set(partitionId, { batches: new Batches(size, pace.scaled(config.maxWaitTime), first), count: 0 });
          this.done.set(partitionId, this.checkpointed.get(partitionId) ?? 0);
        },
        processEvents: async (events, context) => {
          const partition = reading.get(context.partitionId)!;
          for (const batch of partition.batches.take(events, Date.now())) {
            await delivery.deliver(batch, context.partitionId, over.signal);
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
          if (!over.signal.aborted) await release(store, context);
        },
      },
      {
        startPosition: config.initialOffset === 'fromStart' ? earliestEventPosition : latestEventPosition,
        maxBatchSize: config.maxEventBatchSize,
        maxWaitTimeInSeconds: POLL_SECONDS,
        skipParsingBodyAsJson: true,
      },
    );
  }

  /** After a crash, the host starts without memory: batches are delivered again from the last checkpoint, as if for the first time. */
  private beginAgain(run: Run) {
    if (this.isStopped) return;
    const { witness } = this.options;
    witness.incident('The process of the app has ended. It is started again, and continues from the last checkpoint.');
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

  private async end({ app, client, subscription, over }: Run) {
    over.abort();
    await app.worker.kill();
    await subscription.close();
    await client.close();
  }

  private async checkpoint(batch: readonly ReceivedEventData[], context: PartitionContext) {
    const last = batch.at(-1)!;
    await context.updateCheckpoint(last);
    this.checkpointed.set(context.partitionId, last.sequenceNumber + 1);
  }
}

/** Release a partition, so that it is claimed again at once, and not only after the ownership expires. */
async function release(store: CheckpointStore, context: PartitionContext) {
  const { fullyQualifiedNamespace, eventHubName, consumerGroup, partitionId } = context;
  const owned = await store.listOwnership(fullyQualifiedNamespace, eventHubName, consumerGroup);
  await store.claimOwnership(owned.filter((one) => one.partitionId === partitionId).map((one) => ({ ...one, ownerId: '' })));
}
