import type { IncomingMessage } from 'node:http';
import { Agent, request as send } from 'node:https';
import type { Credential } from '../identity/credential';

/** A message that was received. */
export interface Received {
  readonly id: string;
  readonly popReceipt: string;
  readonly text: string;
  /** How often it was received, this time included. */
  readonly dequeueCount: number;
  readonly inserted: Date;
}

/** The service refused a call. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`The queue service answered with ${status} ${code}.`);
  }
}

const AUDIENCE = 'https://storage.azure.com';

/**
 * A client of one queue, over REST.
 * @see https://learn.microsoft.com/rest/api/storageservices/queue-service-rest-api
 */
export class QueueClient {
  private readonly agent: Agent;

  /** @param url the address of the queue, without a slash at the end */
  constructor(
    private readonly url: string,
    private readonly credential: Credential,
    ca: string,
  ) {
    this.agent = new Agent({ ca, keepAlive: true, maxSockets: 32 });
  }

  async create(): Promise<void> {
    await this.call('PUT', '');
  }

  /** Send the body of a request as it is. @returns the id of the message */
  async send(xml: Buffer, ttl = '-1'): Promise<string> {
    return contentOf(await this.call('POST', `/messages?messagettl=${ttl}`, xml), 'MessageId') ?? '';
  }

  /** Receive up to `most` messages, which are hidden for so many seconds. */
  async receive(most: number, hiddenSeconds: number): Promise<readonly Received[]> {
    const xml = await this.call('GET', `/messages?numofmessages=${most}&visibilitytimeout=${hiddenSeconds}`);
    return [...xml.matchAll(/<QueueMessage>(.*?)<\/QueueMessage>/gs)].map(([, message]) => ({
      id: contentOf(message!, 'MessageId')!,
      popReceipt: contentOf(message!, 'PopReceipt')!,
      text: contentOf(message!, 'MessageText') ?? '',
      dequeueCount: Number(contentOf(message!, 'DequeueCount')),
      inserted: new Date(contentOf(message!, 'InsertionTime')!),
    }));
  }

  async delete({ id, popReceipt }: Received): Promise<void> {
    await this.call('DELETE', `/messages/${id}?popreceipt=${encodeURIComponent(popReceipt)}`);
  }

  /** Let a message that was received be received again at once. */
  async show({ id, popReceipt }: Received): Promise<void> {
    await this.call('PUT', `/messages/${id}?popreceipt=${encodeURIComponent(popReceipt)}&visibilitytimeout=0`);
  }

  close() {
    this.agent.destroy();
  }

  private async call(method: string, path: string, body: Buffer = Buffer.alloc(0)): Promise<string> {
    const { token } = await this.credential.getToken(`${AUDIENCE}/.default`);
    const headers = {
      authorization: `Bearer ${token}`,
      'content-length': body.length,
      'content-type': 'application/xml',
      'x-ms-date': new Date().toUTCString(),
      'x-ms-version': '2021-12-02',
    };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      send(`${this.url}${path}`, { method, headers, agent: this.agent }, resolve).on('error', reject).end(body);
    });
    const text = Buffer.concat(await answer.toArray()).toString();
    if (answer.statusCode! >= 300) throw new Refused(answer.statusCode!, String(answer.headers['x-ms-error-code'] ?? ''));
    return text;
  }
}

/** The body of a request that sends a text. */
export function messageOf(text: string): Buffer {
  const escaped = text.replace(/[&<>\r]/g, (character) => `&#${character.charCodeAt(0)};`);
  return Buffer.from(`<QueueMessage><MessageText>${escaped}</MessageText></QueueMessage>`);
}

/** The content of an element, without entities. */
export function contentOf(xml: string, element: string): string | undefined {
  const [, content] = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(xml) ?? [];
  return content?.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal));
  });
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
