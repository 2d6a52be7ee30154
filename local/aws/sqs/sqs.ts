import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Answer, type Loopback, serve } from '../../loopback';
import type { Pace } from '../../pace';
import { ACCOUNT } from '../../template/cloudformation';

/** A message of a queue. */
export interface Message {
  readonly body: string;
  /** The file it lies in. */
  readonly file: string;
}

interface Held extends Message {
  readonly id: string;
  readonly receipt: string;
  visibleAt: number;
}

/** A request that SQS refuses: its code, as clients know it, and why. */
class SqsError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const MESSAGE_BYTES = 1024 * 1024;
const VISIBILITY_SECONDS = 30;
/** What JSON and XML can both hold. */
const FORBIDDEN = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
/** What each action takes. Anything else would be ignored, so it is refused. */
const TAKES: Readonly<Record<string, readonly string[]>> = {
  SendMessage: ['QueueUrl', 'MessageBody'],
  ReceiveMessage: ['QueueUrl', 'MaxNumberOfMessages', 'VisibilityTimeout', 'WaitTimeSeconds'],
  DeleteMessage: ['QueueUrl', 'ReceiptHandle'],
};

/** SQS with standard queues as folders and messages as files. It sends, receives without waiting, and deletes. */
export class Sqs {
  private readonly queues: Map<string, Held[]>;
  private sent = 0;
  private server!: Loopback;

  private constructor(
    private readonly folder: string,
    queues: readonly string[],
    private readonly pace: Pace,
    private readonly arrived: (message: Message) => void,
  ) {
    this.queues = new Map(queues.map((queue) => [queue, []]));
  }

  /** `arrived` hears of each message that lies in a queue now. */
  static async start(folder: string, queues: readonly string[], pace: Pace, arrived: (message: Message) => void): Promise<Sqs> {
    for (const queue of queues) await mkdir(path.join(folder, queue), { recursive: true });
    const sqs = new Sqs(folder, queues, pace, arrived);
    sqs.server = await serve(({ headers }, body) => sqs.answer(String(headers['x-amz-target']), body));
    return sqs;
  }

  get endpoint(): string {
    return `http://${this.server.host}`;
  }

  /** Clients send to the host in the address of the queue, so it is this very server. */
  urlOf(queue: string): string {
    return `${this.endpoint}/${ACCOUNT}/${queue}`;
  }

  /** Put a message into a queue, as SendMessage does. */
  async send(queue: string, body: string): Promise<string> {
    const messages = this.queues.get(queue);
    if (!messages) throw new SqsError('QueueDoesNotExist', 'The specified queue does not exist.');
    if (body === '') throw new SqsError('MissingParameter', 'The request must contain the parameter MessageBody.');
    if (FORBIDDEN.test(body)) throw new SqsError('InvalidMessageContents', 'The message contains characters outside the allowed set.');
    if (Buffer.byteLength(body) > MESSAGE_BYTES) {
      throw new SqsError(
        'InvalidParameterValue',
        `One or more parameters are invalid. Reason: Message must be shorter than ${MESSAGE_BYTES} bytes.`,
      );
    }
    this.sent += 1;
    const id = randomUUID();
    const file = path.join(this.folder, queue, `${String(this.sent).padStart(6, '0')}.json`);
    const message: Held = { id, body, file, receipt: randomUUID(), visibleAt: 0 };
    await writeFile(file, body);
    messages.push(message);
    this.arrived(message);
    return id;
  }

  /** Every message that lies in a queue, received or not, in the order of their arrival. */
  async messages(): Promise<readonly Message[]> {
    const found: Message[] = [];
    for (const queue of this.queues.keys()) {
      const folder = path.join(this.folder, queue);
      for (const name of (await readdir(folder)).sort()) {
        const file = path.join(folder, name);
        found.push({ file, body: await readFile(file, 'utf8') });
      }
    }
    return found;
  }

  async stop(): Promise<void> {
    await this.server.close();
  }

  private async answer(target: string, body: Buffer): Promise<Answer> {
    try {
      return json(200, await this.act(target.replace('AmazonSQS.', ''), JSON.parse(body.toString())));
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      return json(400, { __type: `com.amazonaws.sqs#${error.code}`, message: error.message });
    }
  }

  private async act(action: string, request: Readonly<Record<string, unknown>>): Promise<object> {
    const takes = TAKES[action];
    const unknown = Object.keys(request).find((name) => !takes?.includes(name));
    if (!takes || unknown) throw new SqsError('UnsupportedOperation', `${action} ${unknown ? `with ${unknown} ` : ''}is not emulated.`);
    const url = String(request.QueueUrl);
    const queue = url.slice(url.lastIndexOf('/') + 1);
    const messages = this.queues.get(queue);
    if (!messages) throw new SqsError('QueueDoesNotExist', 'The specified queue does not exist.');
    switch (action) {
      case 'SendMessage': {
        const text = String(request.MessageBody ?? '');
        return { MessageId: await this.send(queue, text), MD5OfMessageBody: md5Of(text) };
      }
      case 'ReceiveMessage':
        return {
          Messages: this.receive(
            messages,
            Number(request.MaxNumberOfMessages ?? 1),
            Number(request.VisibilityTimeout ?? VISIBILITY_SECONDS),
          ),
        };
      default:
        return this.delete(messages, String(request.ReceiptHandle));
    }
  }

  private receive(messages: readonly Held[], most: number, visibility: number): object[] {
    if (!(most >= 1 && most <= 10)) throw new SqsError('InvalidParameterValue', 'MaxNumberOfMessages must be between 1 and 10.');
    const visible = messages.filter(({ visibleAt }) => visibleAt <= Date.now()).slice(0, most);
    for (const message of visible) message.visibleAt = Date.now() + this.pace.scaled(visibility * 1000);
    return visible.map(({ id, receipt, body }) => ({ MessageId: id, ReceiptHandle: receipt, Body: body, MD5OfBody: md5Of(body) }));
  }

  private async delete(messages: Held[], receipt: string): Promise<object> {
    const place = messages.findIndex((message) => message.receipt === receipt);
    if (place < 0) throw new SqsError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.');
    const [message] = messages.splice(place, 1);
    await rm(message!.file);
    return {};
  }
}

function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function json(status: number, body: object): Answer {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(body) };
}
