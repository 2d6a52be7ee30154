import type { CheckpointStore, EventHubConsumerClient, PartitionContext, ReceivedEventData, Subscription } from '@azure/event-hubs';
import type { ContainerClient } from '@azure/storage-blob';
import { AppHost, type AppHostOptions, type Reading } from '../functions/app-host';
import type { HostConfig } from '../functions/host-config';
import type { Invoker } from '../functions/invoker';
import type { Credential } from '../identity/credential';
import { Batches } from './batches';
import { Delivery, LostPlace } from './delivery';
import { hubAddress } from './hub-address';
import { type EventHubTrigger, readHubTrigger } from './hub-trigger';

/** The app that the host runs, and its settings. */
export interface HubHostOptions extends Omit<AppHostOptions, 'functionTimeout'> {
  readonly config: HostConfig;
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

/** What reads the hub. */
interface Client {
  readonly client: EventHubConsumerClient;
  readonly store: CheckpointStore;
}

/**
 * The Functions host, as far as an Event Hubs trigger needs it: it reads each partition with the official processor, passes
 * batches to the app, retries them with the retry policy of the app, and then writes a checkpoint, even after a failure.
 */
export class HubHost extends AppHost<HubHostOptions & AppHostOptions> {
  /** How many events of each partition are processed, or failed after all retries. */
  private readonly done = new Map<string, number>();
  private readonly checkpointed = new Map<string, number>();

  /** @throws Error with the message of the app, if it does not load */
  static start(options: HubHostOptions): Promise<HubHost> {
    return new HubHost({ ...options, functionTimeout: options.config.functionTimeout }).open();
  }

  /** How many events of a partition are processed, or failed after all retries. */
  doneWith(partition: string): number {
    return this.done.get(partition) ?? 0;
  }

  protected override async read(invoker: Invoker, over: AbortSignal): Promise<Reading> {
    const trigger = readHubTrigger(invoker.app.functions, this.options.env);
    const credential = this.options.readerOf(trigger);
    const opened = await this.connect(trigger, credential);
    const subscription = this.subscribe(opened, new Delivery(invoker, trigger, this.options), over);
    return {
      close: async () => {
        await subscription.close();
        await opened.client.close();
      },
    };
  }

  /** The official consumer client, and the official checkpoint store. */
  private async connect({ consumerGroup, host, hub }: EventHubTrigger, credential: Credential): Promise<Client> {
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

  private subscribe({ client, store }: Client, delivery: Delivery, over: AbortSignal): Subscription {
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
            await delivery.deliver(batch, context.partitionId, over);
            partition.count += 1;
            if (partition.count % config.batchCheckpointFrequency === 0) await this.checkpoint(batch, context);
            this.done.set(context.partitionId, batch.at(-1)!.sequenceNumber + 1);
          }
        },
        processError: async (error, { partitionId }) => {
          if (over.aborted || error instanceof LostPlace) return;
          witness.incident(`The host could not read${partitionId && ` partition ${partitionId}`}: ${error.message}`);
        },
        processClose: async (_, context) => {
          if (!over.aborted) await release(store, context);
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
