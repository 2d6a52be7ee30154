import { type GenericFunctionOptions, type InvocationContext, trigger } from '@azure/functions';
import type { Transform } from '../../../shared/runtime/event';
import { setting } from '../../../shared/runtime/setting';
import type { SourceRecord } from '../../../shared/runtime/sink';
import { judge } from '../../../shared/runtime/verdict';
import { type Notes, notesOf } from '../notes';
import { type Batch, keyOf, nameOf, readBatch } from './event-hubs/batch';
import { Deliveries } from './event-hubs/deliveries';
import { BatchFailed, deadLetterUnplaced, type Progress, settle, type Targets } from './event-hubs/settle';
import { Mutex, slicesOf } from './event-hubs/slices';

/** What the source calls. Each call can be repeated. */
export interface EventHubsSourceProps<Stored> extends Targets<Stored> {
  readonly transform: Transform;
}

/** How batches of a hub are read. */
export interface Reading {
  /** The consumer group that records are read from. */
  readonly consumerGroup: string;
  /** How often a batch that cannot be stored is retried before its events go to the dead letter. */
  readonly maxRetries: number;
  /** Notes that outlive the process. */
  readonly notes: Notes;
  /**
   * How many bytes of events are held in memory as rows at the same time.
   * @default - 64 MB
   */
  readonly sliceBytes?: number;
}

/** After an event ended this many processes in a row, it goes to the dead letter without another try. */
const MAX_CRASHES = 3;

/** After this time, a try starts no further slice. The try must end before the `functionTimeout` of the host. */
const TRY_MS = 2 * 60 * 1000;

/** Event Hubs: the trigger, with the app settings of its binding, and the handler of its batches. */
export function eventHubsSource<Stored>(props: EventHubsSourceProps<Stored>): GenericFunctionOptions {
  return {
    trigger: trigger.generic({
      type: 'eventHubTrigger',
      connection: 'EVENTS',
      eventHubName: '%EVENTS_HUB%',
      consumerGroup: '%EVENTS_CONSUMER_GROUP%',
      cardinality: 'many',
      dataType: 'binary',
    }),
    // No limit, because after its last retry the host continues with the next batch even if this one failed. The handler counts
    // retries itself. Five retries take about ten minutes. Before each of them, the client of the store has retried for some seconds.
    retry: { strategy: 'exponentialBackoff', maxRetryCount: -1, minimumInterval: { seconds: 30 }, maximumInterval: { minutes: 15 } },
    handler: batchHandler(props, {
      consumerGroup: setting('EVENTS_CONSUMER_GROUP'),
      maxRetries: Number(setting('EVENTS_MAX_RETRIES')),
      notes: notesOf('HOST'),
    }),
  };
}

/**
 * A batch of one partition becomes one lot for each hour in which its records arrived, and one blob of dead letters if there
 * are any. All names come from positions in the hub, so a retry replaces objects and creates no duplicates.
 *
 * A batch is retried without limit until each of its records is in the store or in the dead letter. Its partition waits, and
 * the events stay in the hub for its retention. After `maxRetries`, records that cannot be stored go to the dead letter.
 *
 * If the process ends again and again during a batch, the batch is processed record by record, so that only the record that
 * ends the process goes to the dead letter. The other partitions of the process wait, so that it is clear which record it is.
 *
 * A store that does not answer counts as failed: the host ends a function that waits for too long, and all others in its
 * process.
 */
export function batchHandler<Stored>(props: EventHubsSourceProps<Stored>, { consumerGroup, maxRetries, notes, sliceBytes }: Reading) {
  const deliveries = new Deliveries(notes);
  const mutex = new Mutex();
  /** The current batch of each partition. */
  const current = new Map<string, { readonly batch: string; readonly progress: Progress }>();

  /** The time of arrival is part of the key of a batch, because a hub that was deleted and created again starts at 0. */
  function progressOf(place: string, records: Batch['records']): Progress {
    const batch = `${nameOf(place, records)} ${records[0]!.arrived.toISOString()}`;
    const known = current.get(place);
    if (known?.batch === batch) return known.progress;
    const progress: Progress = { settled: new Set(), written: new Map(), withLetters: new Set() };
    current.set(place, { batch, progress });
    return progress;
  }

  const encode: Targets<Stored>['sink']['encode'] = (row, event, index) => props.sink.encode(row, event, index);
  const verdictOf = ({ bytes }: SourceRecord) => judge(bytes, props.transform, encode);

  return async (messages: unknown, context: InvocationContext): Promise<void> => {
    const { records, place } = readBatch(messages, context.triggerMetadata, consumerGroup);
    const isLast = (context.retryContext?.retryCount ?? 0) >= maxRetries;
    if (records.length === 0) return;
    if (place === undefined) return deadLetterUnplaced(records, props.deadLetter, isLast);

    const progress = progressOf(place, records);
    const end = Date.now() + TRY_MS;
    let deadLetters = 0;
    const settleSlice = async (some: Batch['records'], judged: Parameters<typeof settle<Stored>>[1]) => {
      if (progress.settled.has(nameOf(place, some))) return;
      if (Date.now() > end) throw new BatchFailed(`${nameOf(place, records)} takes longer than one try. The next try continues it.`);
      deadLetters += await settle({ place, records: some }, judged, props, progress, isLast);
    };

    const oneByOne = async () => {
      try {
        for (const record of records.filter((one) => !progress.settled.has(nameOf(place, [one])))) {
          const [key, ended] = [keyOf(record), deliveries.ended(place, keyOf(record))];
          if (ended >= MAX_CRASHES) {
            await settleSlice([record], async () => [{ reason: `The process ended ${ended} times while it held this event alone.` }]);
          } else {
            await deliveries.hold(place, key);
            await settleSlice([record], async () => [verdictOf(record)]);
            deliveries.survived(place, key);
          }
        }
      } catch (error) {
        await deliveries.release(place);
        throw error;
      }
      await deliveries.forget(place);
    };

    if ((await deliveries.begin(place, records)) === 'one by one') await mutex.run(oneByOne);
    else for (const some of slicesOf(records, sliceBytes)) await settleSlice(some, () => mutex.run(() => some.map(verdictOf)));
    context.info('Batch settled.', { records: records.length, deadLetters });
  };
}
