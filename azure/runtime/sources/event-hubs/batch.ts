import { stringify } from '../../../../shared/runtime/json';
import type { SourceRecord } from '../../../../shared/runtime/sink';

/**
 * Read what the Functions host hands over: the payloads, and beside them the metadata of the trigger.
 * @throws Error when a payload has no position, since then no name could be made for it that a retry makes again
 */
export function readBatch(messages: unknown, metadata: Readonly<Record<string, unknown>> = {}): SourceRecord[] {
  if (!Array.isArray(messages)) throw new Error('The trigger must hand over batches: set its cardinality to many.');
  const { partitionId, eventHubName, fullyQualifiedNamespace } = fieldsOf(metadata.partitionContext ?? metadata.triggerPartitionContext);
  const sequenceNumbers = listOf(metadata.sequenceNumberArray);
  const enqueuedTimes = listOf(metadata.enqueuedTimeUtcArray);
  if (partitionId === undefined || sequenceNumbers.length !== messages.length || enqueuedTimes.length !== messages.length) {
    throw new Error(`The trigger handed over ${messages.length} events without their positions. They stay in the hub for its retention.`);
  }
  return messages.map((message, index) => ({
    bytes: bytesOf(message),
    arrived: timeOf(enqueuedTimes[index]),
    position: {
      namespace: String(fullyQualifiedNamespace),
      hub: String(eventHubName),
      partition: String(partitionId),
      sequenceNumber: integerOf(sequenceNumbers[index]).toString(),
    },
  }));
}

/** The host may ignore the wish for bytes, and send text, or JSON that it has parsed. */
function bytesOf(message: unknown): Buffer {
  if (message instanceof Uint8Array) return Buffer.from(message);
  return Buffer.from(typeof message === 'string' ? message : stringify(message));
}

/** Whole numbers of 64 bits come as a number, as text, or as two halves: Azure/azure-functions-nodejs-worker#844. */
function integerOf(value: unknown): bigint {
  if (typeof value === 'number' || typeof value === 'string' || typeof value === 'bigint') return BigInt(value);
  const { low, high } = fieldsOf(value);
  return (BigInt(Number(high)) << 32n) | BigInt(Number(low) >>> 0);
}

/** The times are in UTC, but not all hosts say so: without a zone, JavaScript would read the clock of the machine. */
function timeOf(value: unknown): Date {
  const text = String(value);
  return new Date(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
