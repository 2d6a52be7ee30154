import type { SourceRecord } from '../../../../shared/runtime/sink';
import { bytesOf, fieldsOf, integerOf, timeOf } from '../../metadata';

/** Events of one partition, as the host passes them to the handler. */
export interface Batch {
  readonly records: readonly SourceRecord[];
  /**
   * The start of the name of every object of these records: namespace, hub, consumer group and partition. Undefined if the
   * host passed no positions: then a retry could not find the same name again.
   */
  readonly place?: string;
}

/** Separates the parts of a name. The names of namespaces, hubs and consumer groups cannot contain it. */
const SEPARATOR = '~';

/**
 * Read what the Functions host passes to the handler: the payloads, and the metadata of the trigger.
 *
 * The host omits events without a body, but not their metadata: Azure/azure-functions-nodejs-worker#639. It does not tell
 * which ones it omitted. So each record then has the range of the batch as its position, with its index among the events that
 * were passed. The omitted events follow as records without content.
 * @param consumerGroup part of the names, so that several processors of one hub write different objects
 */
export function readBatch(messages: unknown, metadata: Readonly<Record<string, unknown>> = {}, consumerGroup = ''): Batch {
  const payloads = (Array.isArray(messages) ? messages : [messages]).map(bytesOf);
  const { partitionId, eventHubName, fullyQualifiedNamespace } = fieldsOf(metadata.partitionContext ?? metadata.triggerPartitionContext);
  const numbers = listOf(metadata.sequenceNumberArray).map(integerOf);
  const times = listOf(metadata.enqueuedTimeUtcArray).map(timeOf);
  const [namespace, hub, partition] = [fullyQualifiedNamespace, eventHubName, partitionId].map(String) as [string, string, string];
  const [first, last, arrived] = [numbers[0], numbers.at(-1), times[0]];
  const range = { namespace, hub, partition, sequenceNumber: String(first), lastSequenceNumber: String(last) };
  if (
    partitionId === undefined ||
    numbers.length === 0 ||
    numbers.includes(undefined) ||
    arrived === undefined ||
    times.includes(undefined)
  ) {
    return { records: payloads.map((bytes) => ({ bytes, arrived: new Date(0), position: range })) };
  }

  const place = [namespace.split('.')[0], hub, consumerGroup, `p${partition}`].join(SEPARATOR);
  if (numbers.length === payloads.length && times.length === payloads.length) {
    const records = payloads.map((bytes, index) => ({
      bytes,
      arrived: times[index]!,
      position: { namespace, hub, partition, sequenceNumber: numbers[index]! },
    }));
    return { records, place };
  }
  const omitted = Array.from({ length: Math.max(0, numbers.length - payloads.length) }, () => Buffer.alloc(0));
  const records = [...payloads, ...omitted].map((bytes, entry) => ({ bytes, arrived, position: { ...range, entry } }));
  return { records, place };
}

/** A key that is unique in a partition. */
export function keyOf({ position: { sequenceNumber, entry } }: SourceRecord): string {
  return entry === undefined ? String(sequenceNumber) : `${sequenceNumber}.${entry}`;
}

/** The name of an object of some records: it has the keys of the first and the last of them. */
export function nameOf(place: string, records: readonly SourceRecord[]): string {
  return `${place}-${keyOf(records[0]!)}-${keyOf(records.at(-1)!)}`;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
