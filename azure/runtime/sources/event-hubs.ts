import { type GenericFunctionOptions, type InvocationContext, trigger } from '@azure/functions';
import type { Transform } from '../../../shared/runtime/event';
import { setting } from '../../../shared/runtime/setting';
import type { SourceRecord } from '../../../shared/runtime/sink';
import { judge } from '../../../shared/runtime/verdict';
import { type Notes, notesOf } from '../notes';
import { type Batch, keyOf, nameOf, readBatch } from './event-hubs/batch';
import { Deliveries } from './event-hubs/deliveries';
import { BatchFailed, giveUpUnplaced, type Progress, settle, type Targets } from './event-hubs/settle';
import { slicesOf, Turns } from './event-hubs/slices';

/** What the source reaches for: each call is repeatable. */
export interface EventHubsSourceProps<Stored> extends Targets<Stored> {
  readonly transform: Transform;
}

/** How batches of a hub are read. */
export interface Reading {
  /** The consumer group that records are read from. */
  readonly consumerGroup: string;
  /** How often a batch that cannot be stored is tried again, before its events go to the dead letter. */
  readonly maxRetries: number;
  /** What stays when the process dies. */
  readonly notes: Notes;
  /**
   * How many bytes of events are taken into memory as rows at a time.
   * @default - 64 MB
   */
  readonly sliceBytes?: number;
}

/** An event that so many processes in a row held alone when they ended goes to the dead letter, without another try. */
const TOO_OFTEN = 3;

/** How long a try may take to begin with another slice. It must be done before the host's `functionTimeout`. */
const TRY_MS = 2 * 60 * 1000;

/** Event Hubs: the trigger, with the settings that a hub hands to the function that reads it, and what handles its batches. */
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
    // Without end, since after its last retry the host moves on, whatever became of the batch. When to give up is decided here.
    // Five retries last about ten minutes. The client of the store has tried for some seconds already before each of them.
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
 * are some. All names come from positions in the hub, so a retry replaces and never doubles.
 *
 * A batch is done with once each of its records is in the store or in the dead letter, and not before: it comes again
 * without end, while its partition waits, and the events stay in the hub for its retention. After `maxRetries` what cannot be
 * stored goes to the dead letter.
 *
 * A batch that keeps ending the process is taken record by record, so that only the record goes to the dead letter that does
 * it. The other partitions of the process wait meanwhile: when it ends, it was with that record.
 *
 * A store that does not answer counts as one that fails. The host ends a function that waits for too long, and all others
 * in its process.
 */
export function batchHandler<Stored>(props: EventHubsSourceProps<Stored>, { consumerGroup, maxRetries, notes, sliceBytes }: Reading) {
  const deliveries = new Deliveries(notes);
  const turns = new Turns();
  /** What each partition stands at. */
  const underWay = new Map<string, { readonly batch: string; readonly progress: Progress }>();

  /** A hub that is made anew counts from 0 again, so the time of arrival is a part of what tells batches apart. */
  function progressOf(place: string, records: Batch['records']): Progress {
    const batch = `${nameOf(place, records)} ${records[0]!.arrived.toISOString()}`;
    const known = underWay.get(place);
    if (known?.batch === batch) return known.progress;
    const progress: Progress = { settled: new Set(), written: new Map(), withLetters: new Set() };
    underWay.set(place, { batch, progress });
    return progress;
  }

  const encode: Targets<Stored>['sink']['encode'] = (row, event, index) => props.sink.encode(row, event, index);
  const verdictOf = ({ bytes }: SourceRecord) => judge(bytes, props.transform, encode);

  return async (messages: unknown, context: InvocationContext): Promise<void> => {
    const { records, place } = readBatch(messages, context.triggerMetadata, consumerGroup);
    const isLast = (context.retryContext?.retryCount ?? 0) >= maxRetries;
    if (records.length === 0) return;
    if (place === undefined) return giveUpUnplaced(records, props.deadLetter, isLast);

    const progress = progressOf(place, records);
    const end = Date.now() + TRY_MS;
    let deadLetters = 0;
    const settled = async (some: Batch['records'], judged: Parameters<typeof settle<Stored>>[1]) => {
      if (progress.settled.has(nameOf(place, some))) return;
      if (Date.now() > end) throw new BatchFailed(`${nameOf(place, records)} takes longer than one try. The next one goes on with it.`);
      deadLetters += await settle({ place, records: some }, judged, props, progress, isLast);
    };

    const oneByOne = async () => {
      try {
        for (const record of records.filter((one) => !progress.settled.has(nameOf(place, [one])))) {
          const [key, ended] = [keyOf(record), deliveries.ended(place, keyOf(record))];
          if (ended >= TOO_OFTEN) {
            await settled([record], async () => [{ reason: `The process ended ${ended} times while it held this event alone.` }]);
          } else {
            await deliveries.hold(place, key);
            await settled([record], async () => [verdictOf(record)]);
            deliveries.survived(place, key);
          }
        }
      } catch (error) {
        await deliveries.letGo(place);
        throw error;
      }
      await deliveries.forget(place);
    };

    if ((await deliveries.begin(place, records)) === 'one by one') await turns.take(oneByOne);
    else for (const some of slicesOf(records, sliceBytes)) await settled(some, () => turns.take(() => some.map(verdictOf)));
    context.info('Batch settled.', { records: records.length, deadLetters });
  };
}
