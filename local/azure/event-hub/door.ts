import type { EventHubProducerClient } from '@azure/event-hubs';
import { type Loopback, serve } from '../../loopback';
import type { Receipt, Witness } from '../../platform';
import type { Credential } from '../identity/credential';
import { hubAddress } from './hub-address';

/** Where each send ended up, by the id that it was sent with. */
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

/** How many sends are under way at a time: a link has so much credit, and the client waits long where there is none. */
const AT_A_TIME = 100;

/** A sender with the official client, and the REST address of the hub in front of it. */
export class Door {
  private under = 0;
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
    /** Hears of each event that comes in by the REST address. */
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
    if (this.under >= AT_A_TIME) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.under += 1;
    try {
      const messageId = this.sends.next();
      const batch = await this.client.createBatch({ partitionKey: partitionKeyOf(body) });
      if (!batch.tryAdd({ body, messageId }))
        return { accepted: false, reason: `Larger than the ${batch.maxSizeInBytes} bytes that Event Hubs takes at once.` };
      await this.client.sendBatch(batch);
      const position = this.sends.take(messageId);
      if (position === undefined) throw new Error('The hub took an event, and does not know where it is.');
      return { accepted: true, position };
    } finally {
      this.under -= 1;
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
    const heard = this.arrived?.(body);
    const receipt = await this.send(body);
    heard?.(receipt);
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
