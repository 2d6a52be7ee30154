import type { ReceivedEventData } from '@azure/event-hubs';
import type { EventHubTrigger } from './hub-trigger';

/** One invocation of a function, in the format in which the host sends it to the process of the app. */
export function invocationOf(trigger: EventHubTrigger, batch: readonly ReceivedEventData[], partitionId: string, retryCount: number) {
  const { host, hub, consumerGroup, input, retry } = trigger;
  return {
    inputData: [{ name: input, data: { collectionBytes: { bytes: batch.map(({ body }) => body as Buffer) } } }],
    retryContext: retry && { retryCount, maxRetryCount: retry.maxRetryCount },
    triggerMetadata: {
      PartitionContext: json({
        PartitionId: partitionId,
        EventHubName: hub,
        ConsumerGroup: consumerGroup,
        FullyQualifiedNamespace: host,
      }),
      SequenceNumberArray: { collectionSint64: { sint64: batch.map(({ sequenceNumber }) => halvesOf(sequenceNumber)) } },
      OffsetArray: { collectionString: { string: batch.map(({ offset }) => offset) } },
      // In UTC, without a time zone, as the host sends it.
      EnqueuedTimeUtcArray: json(batch.map(({ enqueuedTimeUtc }) => enqueuedTimeUtc.toISOString().replace('Z', ''))),
      PartitionKeyArray: json(batch.map(({ partitionKey }) => partitionKey ?? null)),
      PropertiesArray: json(batch.map(({ properties }) => properties ?? {})),
      SystemPropertiesArray: json(batch.map(({ systemProperties }) => systemProperties ?? {})),
    },
  };
}

function json(value: unknown) {
  return { json: JSON.stringify(value) };
}

/** A 64-bit integer is sent as two halves: Azure/azure-functions-nodejs-worker#844. */
function halvesOf(number: number) {
  return { low: number | 0, high: Math.floor(number / 2 ** 32), unsigned: false };
}
