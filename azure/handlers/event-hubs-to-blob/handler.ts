import type { InvocationContext } from '@azure/functions';
import type { Transform } from '../../../shared/runtime/event';
import { stringify } from '../../../shared/runtime/json';
import { each, hourFolder } from '../../../shared/runtime/objects';
import { deadLetter, judge } from '../../../shared/runtime/verdict';
import { type HubRecord, readBatch } from './batch';

/** How long the writes of one try may take. A last try writes twice, and must be done before the host's `functionTimeout`. */
const PATIENCE_MS = 2 * 60 * 1000;

/** What the handler reaches for: each call is repeatable, or fails as a whole. */
export interface Neighbours {
  readonly transform: Transform;
  /** The consumer group that the events are read from. */
  readonly consumerGroup: string;
  /** Write one object, and give up when the signal says so. The same name again replaces it. */
  putObject(name: string, body: string, signal: AbortSignal): Promise<void>;
  /** Write one record to the dead letter, and give up when the signal says so. The same name again replaces it. */
  putDeadLetter(name: string, body: string, signal: AbortSignal): Promise<void>;
}

/** One blob to write, and the records that are in it. */
interface Write {
  readonly name: string;
  readonly body: string;
  readonly records: readonly HubRecord[];
}

/** A write that failed. */
interface Fault {
  readonly write: Write;
  readonly error: unknown;
}

/**
 * A batch of one partition becomes one object for each hour in which its records arrived; records that can never be
 * processed go to the dead letter, one blob each.
 *
 * Every name comes from positions in the hub, so a retry replaces and never doubles. What was written in an earlier try is
 * not written again, so that it cannot end in both places. On the last try, records whose object cannot be written go to
 * the dead letter: after it the host moves on, whatever the function answers.
 *
 * A store that does not answer counts as one that fails. The host ends a function that waits for too long, and then forgets
 * which try it was.
 */
export function eventHubsToBlob({ transform, consumerGroup, putObject, putDeadLetter }: Neighbours) {
  const written = new Set<string>();

  /** Write what is not written yet, and say what failed. */
  async function attempt(writes: readonly Write[], put: Neighbours['putObject']): Promise<Fault[]> {
    const faults: Fault[] = [];
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await each(
      writes.filter(({ name }) => !written.has(name)),
      async (write) => {
        try {
          await put(write.name, write.body, signal);
          written.add(write.name);
        } catch (error) {
          faults.push({ write, error });
        }
      },
    );
    return faults;
  }

  return async (messages: unknown, context: InvocationContext): Promise<void> => {
    const records = readBatch(messages, context.triggerMetadata);
    const { objects, letters } = sort(records, transform, consumerGroup);
    const { retryCount, maxRetryCount } = context.retryContext ?? { retryCount: 0, maxRetryCount: Number.POSITIVE_INFINITY };
    const isLast = retryCount >= maxRetryCount;

    const [unstored, unlettered] = await Promise.all([attempt(objects, putObject), attempt(letters, putDeadLetter)]);
    const faults = [...unstored, ...unlettered];
    if (faults.length > 0 && !isLast)
      throw new BatchFailed(`${faults.length} blobs could not be written. The batch is tried again.`, faults);
    const givenUp = unstored.flatMap(({ write, error }) =>
      write.records.map((record) => letterOf(record, `Not stored: ${error}`, consumerGroup)),
    );
    const lost = [...unlettered, ...(await attempt(givenUp, putDeadLetter))];

    for (const { name } of [...objects, ...letters, ...givenUp]) written.delete(name);
    if (lost.length > 0) {
      context.error('Replay these from the hub: they are neither in the store nor in the dead letter.', lost.flatMap(positionsOf));
      throw new BatchFailed(`${lost.length} records are neither in the store nor in the dead letter.`, lost);
    }
    context.info('Batch settled.', { records: records.length, objects: objects.length, deadLetters: letters.length + givenUp.length });
  };
}

/** Says that a batch was not settled. The host tries it again, if a try is left. */
class BatchFailed extends Error {
  override readonly name = 'BatchFailed';

  constructor(message: string, faults: readonly Fault[]) {
    super(message, { cause: faults[0]?.error });
  }
}

/** What becomes of each record: its rows go into the object of its hour, or the record itself to the dead letter. */
function sort(records: readonly HubRecord[], transform: Transform, group: string) {
  const hours = new Map<number, { lines: string[]; records: HubRecord[] }>();
  const letters: Write[] = [];
  for (const record of records) {
    const verdict = judge(record.bytes, transform, stringify);
    if ('reason' in verdict) {
      letters.push(letterOf(record, verdict.reason, group));
    } else if (verdict.rows.length > 0) {
      const hour = hourOf(record);
      const object = hours.get(hour) ?? { lines: [], records: [] };
      object.lines.push(...verdict.rows);
      object.records.push(record);
      hours.set(hour, object);
    }
  }
  return { objects: [...hours.values()].map((object) => objectOf(object.records, object.lines, group)), letters };
}

function objectOf(records: readonly HubRecord[], lines: readonly string[], group: string): Write {
  const last = records.at(-1)!.position.sequenceNumber;
  return { name: `${startOf(records[0]!, group)}-${last}.ndjson`, body: `${lines.join('\n')}\n`, records };
}

function letterOf(record: HubRecord, reason: string, group: string): Write {
  const body = JSON.stringify(deadLetter(record.bytes, reason, { ...record.position, enqueued: record.enqueued.toISOString() }));
  return { name: `${startOf(record, group)}.json`, body, records: [record] };
}

/** The hour of arrival, not the event's own time: it is the same at every try, and a late event does not make an object of its own. */
function hourOf({ enqueued }: HubRecord): number {
  return Math.floor(enqueued.getTime() / 3_600_000);
}

/**
 * Each hub counts from 0, so its name keeps the objects of several hubs apart that share one store. The consumer group
 * does it for several processors of one hub.
 */
function startOf(record: HubRecord, group: string): string {
  const { namespace, hub, partition, sequenceNumber } = record.position;
  return `${hourFolder(record.enqueued)}/${namespace.split('.')[0]}-${hub}-${group}-p${partition}-${sequenceNumber}`;
}

function positionsOf({ write }: Fault) {
  return write.records.map(({ position }) => position);
}
