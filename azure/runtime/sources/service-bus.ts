import { setTimeout as sleep } from 'node:timers/promises';
import { type GenericFunctionOptions, trigger } from '@azure/functions';
import { setting } from '../../../shared/runtime/setting';
import { eventProcessor, type Message, type MessagesProps, messageHandler, type Processor } from '../messages';
import { bytesOf, integerOf, timeOf } from '../metadata';

/** Separates the parts of a name. The names of namespaces and queues cannot contain it. */
const SEPARATOR = '~';

/** The wait before a retry, in seconds. It doubles with each retry. */
const PAUSE = { first: 15, longest: 240 };

/** Service Bus: each message is an event. */
export function serviceBusSource<Stored>(props: MessagesProps<Stored>): GenericFunctionOptions {
  return serviceBusMessages(eventProcessor(props));
}

/** The trigger of a queue, with the app settings of its binding, and the handler of its messages. */
export function serviceBusMessages(processor: Processor): GenericFunctionOptions {
  const place = { namespace: setting('EVENTS_NAMESPACE'), queue: setting('EVENTS_QUEUE') };
  return {
    // One message in each call: the host settles all messages of a batch alike, and each counts its own deliveries.
    trigger: trigger.generic({
      type: 'serviceBusTrigger',
      connection: 'EVENTS',
      queueName: '%EVENTS_QUEUE%',
      cardinality: 'one',
      autoCompleteMessages: true,
      dataType: 'binary',
    }),
    handler: messageHandler(processor, {
      messageOf: (body, metadata) => readMessage(body, metadata, place),
      maxRetries: Number(setting('EVENTS_MAX_RETRIES')),
      // Service Bus delivers a failed message again at once. The host renews the lock of the message meanwhile.
      pause: (deliveries) => sleep(pauseSeconds(deliveries) * 1000),
    }),
  };
}

/** How long a message waits after its delivery failed. Five retries take about eight minutes. */
export function pauseSeconds(deliveries: number): number {
  return Math.min(PAUSE.first * 2 ** (deliveries - 1), PAUSE.longest);
}

/**
 * Read what the Functions host passes to the handler. The sequence number is the same at each delivery, and unique in the queue.
 * @see https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger#message-metadata
 */
export function readMessage(
  body: unknown,
  metadata: Readonly<Record<string, unknown>>,
  { namespace, queue }: { readonly namespace: string; readonly queue: string },
): Message | undefined {
  const [sequenceNumber, deliveries] = [integerOf(metadata.sequenceNumber), integerOf(metadata.deliveryCount)];
  const arrived = timeOf(metadata.enqueuedTimeUtc);
  if (sequenceNumber === undefined || deliveries === undefined || arrived === undefined) return undefined;
  return {
    record: { bytes: bytesOf(body), arrived, position: { namespace, queue, sequenceNumber } },
    name: [namespace.split('.')[0], queue, sequenceNumber].join(SEPARATOR),
    deliveries: Number(deliveries),
  };
}
