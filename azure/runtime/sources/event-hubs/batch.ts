import { stringify } from '../../../../shared/runtime/json';
import type { SourceRecord } from '../../../../shared/runtime/sink';

/** Events of one partition, as the host hands them over. */
export interface Batch {
  readonly records: readonly SourceRecord[];
  /**
   * The start of every name that is made of these records: where they come from, and who reads them. Nothing when the host
   * did not say where they stand: then no name can be made for them that a retry makes again.
   */
  readonly place?: string;
}

/** Separates the parts of a name. Neither a namespace nor a hub nor a consumer group may hold it. */
const BETWEEN = '~';

/**
 * Read what the Functions host hands over: the payloads, and beside them the metadata of the trigger.
 *
 * The host leaves out entries without content, and keeps their metadata: Azure/azure-functions-nodejs-worker#639. Which
 * ones, nobody knows, so then each record has the range of the batch for its position, and its number among the entries that
 * came. What was left out follows as records without content.
 * @param consumerGroup who reads them: it keeps the names of several processors of one hub apart
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

  const place = [namespace.split('.')[0], hub, consumerGroup, `p${partition}`].join(BETWEEN);
  if (numbers.length === payloads.length && times.length === payloads.length) {
    const records = payloads.map((bytes, index) => ({
      bytes,
      arrived: times[index]!,
      position: { namespace, hub, partition, sequenceNumber: numbers[index]! },
    }));
    return { records, place };
  }
  const leftOut = Array.from({ length: Math.max(0, numbers.length - payloads.length) }, () => Buffer.alloc(0));
  const records = [...payloads, ...leftOut].map((bytes, entry) => ({ bytes, arrived, position: { ...range, entry } }));
  return { records, place };
}

/** What no other record of a partition is called. */
export function keyOf({ position: { sequenceNumber, entry } }: SourceRecord): string {
  return entry === undefined ? String(sequenceNumber) : `${sequenceNumber}.${entry}`;
}

/** What is made of some records of a batch is named after the first and the last of them. */
export function nameOf(place: string, records: readonly SourceRecord[]): string {
  return `${place}-${keyOf(records[0]!)}-${keyOf(records.at(-1)!)}`;
}

/** The host may ignore the wish for bytes, and send text, or JSON that it has parsed. */
function bytesOf(message: unknown): Buffer {
  if (Buffer.isBuffer(message)) return message;
  if (message instanceof Uint8Array) return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return Buffer.from(typeof message === 'string' ? message : (stringify(message) ?? ''));
}

/** Whole numbers of 64 bits come as a number, as text, or as two halves: Azure/azure-functions-nodejs-worker#844. */
function integerOf(value: unknown): string | undefined {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return String(value);
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'bigint') return /^\d+$/.exec(String(value))?.[0];
  const { low, high } = fieldsOf(value);
  return typeof low === 'number' && typeof high === 'number' ? ((BigInt(high) << 32n) | BigInt(low >>> 0)).toString() : undefined;
}

/** The times are in UTC, but not all hosts say so: without a zone, JavaScript would read the clock of the machine. */
function timeOf(value: unknown): Date | undefined {
  const text = String(value);
  const time = new Date(text.endsWith('Z') || /(z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
