import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import { type Answer, type Loopback, serve } from '../../loopback';
import type { Pace } from '../../pace';
import { ACCOUNT } from '../../template/cloudformation';
import { formAnswer, formFault, isForm, readForm } from '../query-protocol';
import { type Held, Queue, type QueueSettings, type Received, SqsError } from './queue';

/** A message of a queue. */
export interface Message {
  readonly queue: string;
  readonly body: string;
  /** The file of the message. */
  readonly file: string;
  /** The queue that it was moved from, and how often it was received. `undefined` for a message that was sent to this queue. */
  readonly redriven?: { readonly from: string; readonly receives: number };
}

interface BatchEntry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageAttributes?: Held['senders'];
}

/** The version of the API that a form must name. */
const VERSION = '2012-11-05';
const MESSAGE_BYTES = 1024 * 1024;
const LONGEST_VISIBILITY_SECONDS = 43_200;
/** Characters that SQS refuses, because XML cannot contain them. */
const FORBIDDEN = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
/** The parameters of each action that are emulated. Others are refused, because they would be ignored. */
const TAKES: Readonly<Record<string, readonly string[]>> = {
  SendMessage: ['QueueUrl', 'MessageBody', 'MessageAttributes'],
  SendMessageBatch: ['QueueUrl', 'Entries'],
  ReceiveMessage: [
    'QueueUrl',
    'MaxNumberOfMessages',
    'VisibilityTimeout',
    'WaitTimeSeconds',
    'MessageSystemAttributeNames',
    'AttributeNames',
    'MessageAttributeNames',
  ],
  DeleteMessage: ['QueueUrl', 'ReceiptHandle'],
  ChangeMessageVisibility: ['QueueUrl', 'ReceiptHandle', 'VisibilityTimeout'],
};

/**
 * SQS with standard queues as folders and messages as files, in both protocols: JSON for clients, forms for API Gateway.
 *
 * Not emulated are long polling, delays, retention, and the limit of messages in flight.
 */
export class Sqs {
  private readonly queues: ReadonlyMap<string, Queue>;
  private sent = 0;
  private server!: Loopback;

  private constructor(
    private readonly folder: string,
    queues: readonly QueueSettings[],
    pace: Pace,
    private readonly arrived: (message: Message) => void,
  ) {
    this.queues = new Map(queues.map((settings) => [settings.name, new Queue(settings, pace)]));
  }

  /** @param arrived called for each message that is sent to a queue, or moved to it from another queue */
  static async start(folder: string, queues: readonly QueueSettings[], pace: Pace, arrived: (message: Message) => void): Promise<Sqs> {
    for (const { name } of queues) await mkdir(path.join(folder, name), { recursive: true });
    const sqs = new Sqs(folder, queues, pace, arrived);
    sqs.server = await serve((request, body) => sqs.answer(request, body));
    return sqs;
  }

  get host(): string {
    return this.server.host;
  }

  get endpoint(): string {
    return `http://${this.host}`;
  }

  /** The URL of a queue. Clients send to its host, so it is this server. */
  urlOf(queue: string): string {
    return `${this.endpoint}/${ACCOUNT}/${queue}`;
  }

  /** Send a message to a queue, like SendMessage. @returns its id */
  async send(queue: string, body: string, senders?: Held['senders']): Promise<string> {
    const into = this.queue(queue);
    if (body === '') throw new SqsError('MissingParameter', 'The request must contain the parameter MessageBody.');
    if (FORBIDDEN.test(body)) throw new SqsError('InvalidMessageContents', 'The message contains characters outside the allowed set.');
    if (Buffer.byteLength(body) > MESSAGE_BYTES) {
      throw new SqsError(
        'InvalidParameterValue',
        `One or more parameters are invalid. Reason: Message must be shorter than ${MESSAGE_BYTES} bytes.`,
      );
    }
    this.sent += 1;
    const held: Held = { id: randomUUID(), number: this.sent, body, senders, sent: Date.now(), receives: 0, visibleAt: 0 };
    await writeFile(this.fileOf(queue, held), body);
    into.add(held);
    this.arrived(this.messageOf(queue, held));
    return held.id;
  }

  /** Receive messages, like ReceiveMessage. Messages that were received too often move to the dead-letter queue first. */
  async receive(queue: string, most: number, visibilitySeconds?: number): Promise<readonly Received[]> {
    const from = await this.withoutExhausted(queue);
    return from.receive(most, from.timeout(visibilitySeconds));
  }

  /**
   * Receive messages for a function. The function runs in real time, so until `release` the visibility timeout is not shortened
   * either. After `release` it is shortened like all waits of the run.
   */
  async poll(queue: string, most: number): Promise<readonly Received[]> {
    const from = await this.withoutExhausted(queue);
    return from.receive(most, from.settings.visibilitySeconds * 1000);
  }

  /** Release a message that the function did not process. */
  release(queue: string, receipt: string) {
    this.queue(queue).release(receipt);
  }

  private async withoutExhausted(queue: string): Promise<Queue> {
    const from = this.queue(queue);
    const moved = from.takeExhausted().map((held): Held => ({ ...held, visibleAt: 0, redrivenFrom: queue }));
    const deadLetter = from.settings.redrive?.deadLetter ?? '';
    // Add first, so that a message is always in one of the two queues.
    for (const held of moved) this.queue(deadLetter).add(held);
    for (const held of moved) {
      await rename(this.fileOf(queue, held), this.fileOf(deadLetter, held));
      this.arrived(this.messageOf(deadLetter, held));
    }
    return from;
  }

  /** Delete a message, like DeleteMessage: by its latest receipt handle. An older one has no effect. */
  async delete(queue: string, receipt: string): Promise<void> {
    const held = this.queue(queue).deletable(receipt);
    if (!held) return;
    this.queue(queue).remove(held.id);
    await rm(this.fileOf(queue, held));
  }

  /** How many messages are in a queue, visible or not. */
  size(queue: string): number {
    return this.queue(queue).size;
  }

  /** All messages in all queues, visible or not, in the order of their arrival. */
  messages(): readonly Message[] {
    return [...this.queues].flatMap(([name, queue]) => queue.messages().map((held) => this.messageOf(name, held)));
  }

  async stop(): Promise<void> {
    await this.server.close();
  }

  private messageOf(queue: string, held: Held): Message {
    const { body, redrivenFrom: from, receives } = held;
    return { queue, body, file: this.fileOf(queue, held), redriven: from === undefined ? undefined : { from, receives } };
  }

  private fileOf(queue: string, { number }: Held): string {
    return path.join(this.folder, queue, `${String(number).padStart(6, '0')}.json`);
  }

  private queue(name: string): Queue {
    const queue = this.queues.get(name);
    if (!queue) throw new SqsError('QueueDoesNotExist', 'The specified queue does not exist.');
    return queue;
  }

  private async answer({ headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    const asForm = isForm(headers);
    try {
      const [action, request] = asForm
        ? fromForm(body.toString())
        : [String(headers['x-amz-target']).replace('AmazonSQS.', ''), JSON.parse(body.toString()) as Readonly<Record<string, unknown>>];
      const answer = await this.act(action, request);
      return asForm ? formAnswer(action, answer) : json(200, answer);
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      if (asForm) return formFault(error);
      return json(400, { __type: `com.amazonaws.sqs#${error.code}`, message: error.message });
    }
  }

  /** Accepts or refuses each message of a batch separately. */
  private async sendAll(queue: string, entries: readonly BatchEntry[]): Promise<object> {
    if (!(entries.length >= 1 && entries.length <= 10))
      throw new SqsError('TooManyEntriesInBatchRequest', 'The batch request must contain from 1 to 10 entries.');
    const bytes = entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0);
    if (bytes > MESSAGE_BYTES)
      throw new SqsError('BatchRequestTooLong', `The length of all the messages is more than ${MESSAGE_BYTES} bytes.`);
    const [Successful, Failed]: [object[], object[]] = [[], []];
    for (const { Id, MessageBody, MessageAttributes } of entries) {
      try {
        Successful.push({ Id, MessageId: await this.send(queue, MessageBody, MessageAttributes), MD5OfMessageBody: md5Of(MessageBody) });
      } catch (error) {
        if (!(error instanceof SqsError)) throw error;
        Failed.push({ Id, SenderFault: true, Code: error.code, Message: error.message });
      }
    }
    return { Successful, Failed };
  }

  private async act(action: string, request: Readonly<Record<string, unknown>>): Promise<object> {
    const takes = TAKES[action];
    const unknown = Object.keys(request).find((name) => !takes?.includes(name));
    if (!takes || unknown) throw new SqsError('UnsupportedOperation', `${action} ${unknown ? `with ${unknown} ` : ''}is not emulated.`);
    const url = String(request.QueueUrl);
    const queue = url.slice(url.lastIndexOf('/') + 1);
    const receipt = String(request.ReceiptHandle);
    switch (action) {
      case 'SendMessage': {
        const text = String(request.MessageBody ?? '');
        const id = await this.send(queue, text, request.MessageAttributes as Held['senders']);
        return { MessageId: id, MD5OfMessageBody: md5Of(text) };
      }
      case 'SendMessageBatch':
        return this.sendAll(queue, request.Entries as readonly BatchEntry[]);
      case 'ReceiveMessage': {
        const seconds = request.VisibilityTimeout === undefined ? undefined : visibility(request.VisibilityTimeout);
        const asked = [request.MessageSystemAttributeNames ?? request.AttributeNames ?? []].flat().map(String);
        const received = await this.receive(queue, Number(request.MaxNumberOfMessages ?? 1), seconds);
        return { Messages: received.map((message) => described(message, asked)) };
      }
      case 'ChangeMessageVisibility':
        this.queue(queue).hide(receipt, visibility(request.VisibilityTimeout));
        return {};
      default:
        await this.delete(queue, receipt);
        return {};
    }
  }
}

/** @throws SqsError if the form does not name the version of the API */
function fromForm(text: string): [string, Readonly<Record<string, string>>] {
  const { action, version, parameters } = readForm(text);
  if (version === VERSION) return [action, parameters];
  throw new SqsError('AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist for this wsdl version.');
}

function visibility(value: unknown): number {
  const seconds = Number(value);
  if (seconds >= 0 && seconds <= LONGEST_VISIBILITY_SECONDS) return seconds;
  throw new SqsError('InvalidParameterValue', `VisibilityTimeout must be between 0 and ${LONGEST_VISIBILITY_SECONDS}.`);
}

function described({ id, receipt, body, attributes, senders }: Received, asked: readonly string[]): object {
  const system = Object.entries(attributes).filter(([name]) => asked.includes(name) || asked.includes('All'));
  return {
    MessageId: id,
    ReceiptHandle: receipt,
    Body: body,
    MD5OfBody: md5Of(body),
    ...(system.length > 0 && { Attributes: Object.fromEntries(system) }),
    ...(senders && { MessageAttributes: senders }),
  };
}

export function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function json(status: number, body: object): Answer {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(body) };
}
