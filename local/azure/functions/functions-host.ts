import type { CheckpointStore, EventHubConsumerClient, PartitionContext, ReceivedEventData, Subscription } from '@azure/event-hubs';
import type { ContainerClient } from '@azure/storage-blob';
import { hubAddress } from '../event-hub/hub-address';
import type { Credential } from '../identity/credential';
import { Batches } from './batches';
import { Delivery, type DeliveryOptions, LostPlace } from './delivery';
import { FunctionsApp, ProcessGone } from './functions-app';
import { type EventHubTrigger, readTrigger } from './trigger';

/** What the host runs, and with what. */
export interface HostOptions extends DeliveryOptions {
  /** The unpacked package. */
  readonly folder: string;
  /** The environment of the app, all of it. */
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  /** Where the hub is on this machine. */
  readonly hubPort: number;
  /** The container of the checkpoints, once it is there. */
  readonly checkpoints: Promise<ContainerClient>;
  /**
   * Whom the host reads as, by what the trigger says.
   * @throws RefusedError when the trigger does not fit the rest of the template
   */
  readerOf(trigger: EventHubTrigger): Credential;
}

/** How often the processor looks for partitions that nobody reads, and when an owner counts as gone. Both are work, and not only waits. */
const LOOK = { cloud: 10_000, atLeast: 200 };
const OWNERSHIP = { cloud: 60_000, atLeast: 2000 };
/** How long a receiver waits before it says that nothing has come. It only bounds how late a batch that waits is seen to be due. */
const POLL_SECONDS = 0.02;

/** How often an app is loaded whose process is ended while it loads, and the pause between, in milliseconds of the cloud. */
const LOADS = 5;
const LOAD_PAUSE = 10_000;

/** One life of the host: a process of the app, and a processor that reads for it. */
interface Life {
  readonly app: FunctionsApp;
  readonly client: EventHubConsumerClient;
  readonly store: CheckpointStore;
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
  private life?: Promise<Life>;
  private delivery?: Delivery;
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
    await this.delivery?.app.worker.kill();
  }

  /** Stop the process of the app where it stands. Its time limit, which passes as fast as all waits, ends it. */
  async stall(): Promise<void> {
    await this.delivery?.stall();
  }

  async close(): Promise<void> {
    this.isStopped = true;
    const life = await this.life?.catch(() => undefined);
    if (life) await this.end(life);
  }

  private async begin(): Promise<Life> {
    const app = await this.load();
    try {
      const trigger = readTrigger(app.functions, this.options.env);
      const credential = this.options.readerOf(trigger);
      this.delivery = new Delivery(app, trigger, this.options);
      const life = { app, over: new AbortController(), ...(await this.read(trigger, credential)) };
      const subscription = this.subscribe(life, this.delivery);
      void app.worker.gone.then(() => this.beginAgain({ ...life, subscription }));
      return { ...life, subscription };
    } catch (error) {
      await app.worker.kill();
      throw error;
    }
  }

  /** The official client of a reader, and the official store of checkpoints. */
  private async read({ consumerGroup, host, hub }: EventHubTrigger, credential: Credential) {
    const { EventHubConsumerClient: Client }: typeof import('@azure/event-hubs') = require('@azure/event-hubs');
    const { BlobCheckpointStore: Store }: typeof import('@azure/eventhubs-checkpointstore-blob') =
      require('@azure/eventhubs-checkpointstore-blob');
    const { checkpoints, hubPort, pace } = this.options;
    const store: CheckpointStore = new Store(await checkpoints);
    const address = hubAddress(host, hubPort);
    const loadBalancingOptions = {
      strategy: 'greedy',
      updateIntervalInMs: Math.max(LOOK.atLeast, pace.scaled(LOOK.cloud)),
      partitionOwnershipExpirationIntervalInMs: Math.max(OWNERSHIP.atLeast, pace.scaled(OWNERSHIP.cloud)),
    } as const;
    return { store, client: new Client(consumerGroup, address.host, hub, credential, store, { ...address.options, loadBalancingOptions }) };
  }

  private subscribe({ client, store, over }: Omit<Life, 'subscription'>, delivery: Delivery): Subscription {
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
            await delivery.bring(batch, context.partitionId, over.signal);
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
  }

  /** After a crash the host has forgotten everything: batches come again from the last checkpoint, as if never tried. */
  private beginAgain(life: Life) {
    if (this.isStopped) return;
    const { witness } = this.options;
    witness.incident('The process of the app is gone. It is started again, and reads on from the last checkpoint.');
    this.life = this.end(life).then(() => this.begin());
    this.life.catch((error: Error) => {
      if (!this.isStopped) witness.broken(error.message);
    });
  }

  /** Load the app. One whose process is ended while it loads is loaded again, as a host does, but not for ever. */
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

  private async end({ app, client, subscription, over }: Life) {
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

/** Give a partition back, so that it is taken again at once, and not only when its owner counts as gone. */
async function letGo(store: CheckpointStore, context: PartitionContext) {
  const { fullyQualifiedNamespace, eventHubName, consumerGroup, partitionId } = context;
  const owned = await store.listOwnership(fullyQualifiedNamespace, eventHubName, consumerGroup);
  await store.claimOwnership(owned.filter((one) => one.partitionId === partitionId).map((one) => ({ ...one, ownerId: '' })));
}
