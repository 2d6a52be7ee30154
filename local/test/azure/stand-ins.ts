import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EventHubConsumerClient, EventPosition, ReceivedEventData } from '@azure/event-hubs';
import { EventHubConsumerClient as Consumer, EventHubProducerClient as Producer } from '@azure/event-hubs';
import { EventHubs, type HubOptions } from '../../azure/event-hub/event-hubs';
import { hubAddress } from '../../azure/event-hub/hub-address';
import type { Certificate } from '../../azure/foundation/certificate';
import { type Credential, credentialOf } from '../../azure/identity/credential';
import { Tokens } from '../../azure/identity/tokens';
import { temporaryFolder } from '../folder';

export const HOST = 'acme.servicebus.windows.net';
export const tokens = new Tokens();
export const somebody = credentialOf((aud) => tokens.issue({ aud, appid: 'somebody' }));

/** A certificate and its key as files. */
export function filesOf({ cert, key }: Certificate, folder: string) {
  const files = { cert: path.join(folder, 'loopback.pem'), key: path.join(folder, 'loopback.key') };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
  return files;
}

const open: { close(): Promise<void> }[] = [];

/** Closed when the test is over, before what was opened earlier. */
export function closing<One extends { close(): Promise<void> }>(one: One): One {
  open.push(one);
  return one;
}

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

/** A hub called `orders` with four partitions and the consumer group `reader`. */
export async function hubOf(options: Partial<HubOptions> = {}): Promise<EventHubs> {
  return closing(
    await EventHubs.start({
      host: HOST,
      name: 'orders',
      partitionCount: 4,
      consumerGroups: ['reader'],
      folder: temporaryFolder(),
      maxBytes: 1024 * 1024,
      mayEnter: (token) => tokens.read(token)?.aud === 'https://eventhubs.azure.net',
      ...options,
    }),
  );
}

const IMPATIENT = { retryOptions: { maxRetries: 0, timeoutInMs: 5000 } };

/** The official client of a sender. */
export function producer(hub: EventHubs, { name = 'orders', host = HOST, credential = somebody as Credential } = {}): Producer {
  const address = hubAddress(host, hub.port);
  return closing(new Producer(address.host, name, credential, { ...address.options, ...IMPATIENT }));
}

/** The official client of a reader. */
export function consumer(hub: EventHubs, { name = 'orders', group = 'reader' } = {}): EventHubConsumerClient {
  const address = hubAddress(HOST, hub.port);
  return closing(new Consumer(group, address.host, name, somebody, { ...address.options, ...IMPATIENT }));
}

/** Read so many events of one partition from a position, or hear the error that ends it. */
export async function read(
  client: EventHubConsumerClient,
  partition: string,
  startPosition: EventPosition,
  count: number,
): Promise<ReceivedEventData[]> {
  const events: ReceivedEventData[] = [];
  let close = async () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      const subscription = client.subscribe(
        partition,
        {
          processEvents: async (some) => {
            events.push(...some);
            if (events.length >= count) resolve();
          },
          processError: async (error) => reject(error),
        },
        { startPosition, maxBatchSize: 10, maxWaitTimeInSeconds: 0.05 },
      );
      close = () => subscription.close();
    });
  } finally {
    await close();
  }
  return events;
}
