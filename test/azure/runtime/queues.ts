import { messageInvocation } from '../../support/handler-processes';

/** The source of a queue: the settings that its handlers read, and one delivery of a message. */
export interface QueueStandIn {
  readonly settings: Readonly<Record<string, string>>;
  /** The type of its trigger. */
  readonly trigger: string;
  /** The end of the names of what is written of its message. */
  readonly name: string;
  deliver(event: unknown, deliveries: number): object;
}

const json = (value: unknown) => ({ json: JSON.stringify(value) });

/** The sources that deliver one message in each call, by their names. */
export const QUEUES: Readonly<Record<string, QueueStandIn>> = {
  'service-bus': {
    settings: { EVENTS_NAMESPACE: 'acme.servicebus.windows.net', EVENTS_QUEUE: 'orders' },
    trigger: 'serviceBusTrigger',
    name: 'acme~orders~42',
    deliver: (event, deliveries) =>
      messageInvocation(event, {
        SequenceNumber: { int: { low: 42, high: 0, unsigned: false } },
        DeliveryCount: { int: deliveries },
        // In UTC, without a time zone, as the host sends it.
        EnqueuedTimeUtc: json('2026-01-31T08:30:00.125'),
        MessageId: { string: 'any' },
      }),
  },
  'storage-queue': {
    settings: { EVENTS_ACCOUNT: 'acmequeue', EVENTS_QUEUE: 'orders' },
    trigger: 'queueTrigger',
    name: 'acmequeue~orders~6f9619ff-8b86-d011-b42d-00cf4fc964ff',
    deliver: (event, deliveries) =>
      messageInvocation(event, {
        Id: { string: '6f9619ff-8b86-d011-b42d-00cf4fc964ff' },
        DequeueCount: { int: deliveries },
        InsertionTime: json('2026-01-31T08:30:00.125+00:00'),
        PopReceipt: { string: 'any' },
      }),
  },
};
