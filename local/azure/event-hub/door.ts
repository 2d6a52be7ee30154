import type { EventHubProducerClient } from '@azure/event-hubs';
import { type Loopback, serve } from '../../loopback';
import type { Receipt, Witness } from '../../platform';
import type { Credential } from '../identity/credential';
import { hubAddress } from './hub-address';

/** The position of each sent event, by its message id. */
export class Sends {
  private readonly positions = new Map<string, string>();
  private count = 0;

  next(): string {
    return String(++this.count);
  }

  arrived(messageId: unknown, position: string) {
    this.positions.set(String(messageId), position);
  }

  take(messageId: string): string | undefined {
    const position = this.positions.get(messageId);
    this.positions.delete(messageId);
    return position;
  }
}

/** How many events are sent at the same time. It is the credit of a link: without credit, the client waits for long. */
const MAX_CONCURRENT = 100;

/** A sender with the official client, and the REST address of the hub in front of it. */
export class Door {
  private sending = 0;
  private readonly waiting: (() => void)[] = [];
  private server?: Loopback;

  private constructor(
    private readonly client: EventHubProducerClient,
    private readonly sends: Sends,
    private readonly hub: string,
    private readonly arrived?: Witness['arrived'],
  ) {}

  static async open(
    hub: { readonly host: string; readonly name: string; readonly port: number },
    sender: Credential,
    sends: Sends,
    /** Called for each event that arrives at the REST address. */
    arrived?: Witness['arrived'],
  ): Promise<Door> {
    const { EventHubProducerClient }: typeof import('@azure/event-hubs') = require('@azure/event-hubs');
    const address = hubAddress(hub.host, hub.port);
    const door = new Door(new EventHubProducerClient(address.host, hub.name, sender, address.options), sends, hub.name, arrived);
    door.server = await serve((request, body) => door.answer(request.method, request.url, body));
    return door;
  }

  /** The REST address, in plain HTTP. */
  get url(): string {
    return `http://${this.server!.host}/${this.hub}/messages`;
  }

  /** Send one event. Events with the same `partitionkey` keep their order; the others go to the partitions in turn. */
  async send(body: Buffer): Promise<Receipt> {
    if (this.sending >= MAX_CONCURRENT) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.sending += 1;
    try {
      const messageId = this.sends.next();
      const batch = await this.client.createBatch({ partitionKey: partitionKeyOf(body) });
      if (!batch.tryAdd({ body, messageId }))
        return { accepted: false, reason: `Larger than ${batch.maxSizeInBytes} bytes, the limit of Event Hubs.` };
      await this.client.sendBatch(batch);
      const position = this.sends.take(messageId);
      if (position === undefined) throw new Error('The hub accepted an event, but its position is unknown.');
      return { accepted: true, position };
    } finally {
      this.sending -= 1;
      this.waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    await this.server?.close();
    await this.client.close();
  }

  /** @see https://learn.microsoft.com/rest/api/eventhub/send-event */
  private async answer(method: string | undefined, url: string | undefined, body: Buffer) {
    const { pathname } = new URL(url ?? '/', this.url);
    if (pathname !== `/${this.hub}/messages`) return { status: 404, body: `Events are sent to /${this.hub}/messages.\n` };
    if (method !== 'POST') return { status: 405, body: 'Events are sent with POST.\n' };
    const reportReceipt = this.arrived?.(body);
    const receipt = await this.send(body);
    reportReceipt?.(receipt);
    return receipt.accepted ? { status: 201 } : { status: 413, body: `${receipt.reason}\n` };
  }
}

function partitionKeyOf(body: Buffer): string | undefined {
  try {
    const { partitionkey } = JSON.parse(body.toString());
    return typeof partitionkey === 'string' && partitionkey !== '' ? partitionkey : undefined;
  } catch {
    return undefined;
  }
}
