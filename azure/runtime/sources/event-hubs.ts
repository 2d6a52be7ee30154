import { type GenericFunctionOptions, type InvocationContext, trigger } from '@azure/functions';
import type { Transform } from '../../../shared/runtime/event';
import { each, hourFolder } from '../../../shared/runtime/objects';
import { setting } from '../../../shared/runtime/setting';
import type { Lot, Made, Refusal, Sink, SourceRecord } from '../../../shared/runtime/sink';
import { judge, deadLetter as letterOf } from '../../../shared/runtime/verdict';
import { readBatch } from './event-hubs/batch';

/** How long the writes of one try may take. A try writes twice, and must be done before the host's `functionTimeout`. */
const PATIENCE_MS = 2 * 60 * 1000;

/** What the source reaches for: each call is repeatable. */
export interface EventHubsSourceProps<Stored> {
  readonly transform: Transform;
  readonly sink: Sink<Stored>;
  /** Write one record to the dead letter, and give up when the signal says so. The same name again replaces it. */
  deadLetter(name: string, body: string, signal: AbortSignal): Promise<void>;
}

/** One write, and the records that are in it. */
interface Write {
  readonly name: string;
  readonly records: readonly SourceRecord[];
  put(signal: AbortSignal): Promise<readonly Refusal[]>;
}

/** A write that failed. */
interface Fault {
  readonly write: Write;
  readonly error: unknown;
}

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
    // Five retries last about ten minutes. The client of the store has tried for some seconds already before each of them.
    retry: {
      strategy: 'exponentialBackoff',
      maxRetryCount: Number(setting('EVENTS_MAX_RETRIES')),
      minimumInterval: { seconds: 30 },
      maximumInterval: { minutes: 15 },
    },
    handler: batchHandler(props, setting('EVENTS_CONSUMER_GROUP')),
  };
}

/**
 * A batch of one partition becomes one lot for each hour in which its records arrived; records that can never be
 * processed go to the dead letter, one by one.
 *
 * Every name comes from positions in the hub, so a retry replaces and never doubles. What was written in an earlier try is
 * not written again, so that it cannot end in both places. On the last try, records whose lot cannot be written go to the
 * dead letter: after it the host moves on, whatever the function answers.
 *
 * A store that does not answer counts as one that fails. The host ends a function that waits for too long, and then forgets
 * which try it was.
 * @param consumerGroup the consumer group that the records are read from
 */
export function batchHandler<Stored>({ transform, sink, deadLetter }: EventHubsSourceProps<Stored>, consumerGroup: string) {
  /** What is written of the batches that are not settled yet, and what the store refused of it. */
  const written = new Map<string, readonly Refusal[]>();

  /** Write what is not written yet, and say what failed. */
  async function attempt(writes: readonly Write[]): Promise<Fault[]> {
    const faults: Fault[] = [];
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await each(
      writes.filter(({ name }) => !written.has(name)),
      async (write) => {
        try {
          written.set(write.name, await write.put(signal));
        } catch (error) {
          faults.push({ write, error });
        }
      },
    );
    return faults;
  }

  function storing(lot: Lot<Stored>): Write {
    const records = [...new Set(lot.made.map(({ record }) => record))];
    return { name: lot.name, records, put: (signal) => sink.write(lot, signal) };
  }

  function burying({ record, reason }: Refusal): Write {
    const name = `${hourFolder(record.arrived)}/${nameOf(record, consumerGroup)}.json`;
    const letter = letterOf(record.bytes, reason, { ...record.position, enqueued: record.arrived.toISOString() });
    const put = async (signal: AbortSignal) => {
      await deadLetter(name, JSON.stringify(letter), signal);
      return [];
    };
    return { name, records: [record], put };
  }

  return async (messages: unknown, context: InvocationContext): Promise<void> => {
    const records = readBatch(messages, context.triggerMetadata);
    const { lots, refusals } = sort(records, transform, sink, consumerGroup);
    const { retryCount, maxRetryCount } = context.retryContext ?? { retryCount: 0, maxRetryCount: Number.POSITIVE_INFINITY };
    const isLast = retryCount >= maxRetryCount;

    const [objects, letters] = [lots.map(storing), refusals.map(burying)];
    const [unstored, unburied] = await Promise.all([attempt(objects), attempt(letters)]);
    const refused = objects.flatMap(({ name }) => written.get(name) ?? []);
    const lateLetters = [...refused, ...(isLast ? unstored.flatMap(givenUp) : [])].map(burying);
    const lost = [...unburied, ...(await attempt(lateLetters))];
    const failed = unstored.length + lost.length;
    if (failed > 0 && !isLast) throw new BatchFailed(`${failed} writes failed. The batch is tried again.`, [...unstored, ...lost]);

    for (const { name } of [...objects, ...letters, ...lateLetters]) written.delete(name);
    if (lost.length > 0) {
      context.error('Replay these from the hub: they are neither in the store nor in the dead letter.', lost.flatMap(positionsOf));
      throw new BatchFailed(`${lost.length} records are neither in the store nor in the dead letter.`, lost);
    }
    const deadLetters = letters.length + lateLetters.length;
    context.info('Batch settled.', { records: records.length, lots: lots.length, deadLetters });
  };
}

/** Says that a batch was not settled. The host tries it again, if a try is left. */
class BatchFailed extends Error {
  override readonly name = 'BatchFailed';

  constructor(message: string, faults: readonly Fault[]) {
    super(message, { cause: faults[0]?.error });
  }
}

/** What becomes of each record: its rows go into the lot of its hour, or the record itself to the dead letter. */
function sort<Stored>(records: readonly SourceRecord[], transform: Transform, sink: Sink<Stored>, group: string) {
  const hours = new Map<number, Made<Stored>[]>();
  const refusals: Refusal[] = [];
  for (const record of records) {
    const verdict = judge(record.bytes, transform, (row, event, index) => sink.encode(row, event, index));
    if ('reason' in verdict) {
      refusals.push({ record, reason: verdict.reason });
    } else if (verdict.rows.length > 0) {
      const made = hours.get(hourOf(record)) ?? [];
      for (const stored of verdict.rows) made.push({ stored, record });
      hours.set(hourOf(record), made);
    }
  }
  return { lots: [...hours.values()].map((made) => lotOf(made, group)), refusals };
}

function lotOf<Stored>(made: readonly Made<Stored>[], group: string): Lot<Stored> {
  const [first, last] = [made[0]!.record, made.at(-1)!.record];
  return { name: `${nameOf(first, group)}-${last.position.sequenceNumber}`, arrived: first.arrived, made };
}

/** The hour of arrival, not the event's own time: it is the same at every try, and a late event does not make a lot of its own. */
function hourOf({ arrived }: SourceRecord): number {
  return Math.floor(arrived.getTime() / 3_600_000);
}

/**
 * Each hub counts from 0, so its name keeps the lots of several hubs apart that share one store. The consumer group does
 * it for several processors of one hub.
 */
function nameOf({ position }: SourceRecord, group: string): string {
  const { namespace, hub, partition, sequenceNumber } = position;
  return `${String(namespace).split('.')[0]}-${hub}-${group}-p${partition}-${sequenceNumber}`;
}

function givenUp({ write, error }: Fault): Refusal[] {
  return write.records.map((record) => ({ record, reason: `Not stored: ${error}` }));
}

function positionsOf({ write }: Fault) {
  return write.records.map(({ position }) => position);
}
