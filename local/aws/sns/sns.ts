import { randomUUID } from 'node:crypto';
import { type Answer, type Loopback, serve } from '../../loopback';
import { ACCOUNT, REGION } from '../../template/cloudformation';
import { matches } from '../event-pattern';
import { formAnswer, formFault, readForm } from '../query-protocol';

/** A subscription of the template: a queue that gets the events of a topic. */
export interface SubscriptionSettings {
  readonly topic: string;
  readonly queue: string;
  /** Without it, the queue gets each event. */
  readonly filter?: unknown;
  deliver(message: string): Promise<void>;
}

/** The version of the API that a form must name. */
const VERSION = '2010-03-31';
const MESSAGE_BYTES = 256 * 1024;
const TAKES = ['TopicArn', 'Message'];

class SnsError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function arnOfTopic(name: string): string {
  return `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;
}

/**
 * SNS with standard topics whose subscribers are queues. It is published to with the forms of API Gateway. A message is in each queue
 * before its publisher gets the answer, which SNS does not promise.
 *
 * Not emulated are retries, message attributes, and the envelope of a message that is not delivered raw.
 */
export class Sns {
  private server!: Loopback;

  private constructor(
    private readonly topics: ReadonlySet<string>,
    private readonly subscriptions: readonly SubscriptionSettings[],
    private readonly published: (message: string, queues: readonly string[]) => void,
  ) {}

  /**
   * @param subscriptions may be filled until the first event
   * @param published called with each message, and the queues that it was delivered to
   */
  static async start(
    topics: readonly string[],
    subscriptions: readonly SubscriptionSettings[],
    published: (message: string, queues: readonly string[]) => void,
  ): Promise<Sns> {
    const sns = new Sns(new Set(topics.map(arnOfTopic)), subscriptions, published);
    sns.server = await serve((_, body) => sns.answer(body.toString()));
    return sns;
  }

  get host(): string {
    return this.server.host;
  }

  async stop(): Promise<void> {
    await this.server.close();
  }

  /** Deliver a message to each subscriber whose filter it matches, like Publish. @returns its id */
  async publish(topicArn: string, message: string): Promise<string> {
    if (!this.topics.has(topicArn)) throw new SnsError('NotFound', 'Topic does not exist');
    if (message === '') throw new SnsError('InvalidParameter', 'Invalid parameter: Empty message');
    if (Buffer.byteLength(message) > MESSAGE_BYTES) throw new SnsError('InvalidParameter', 'Invalid parameter: Message too long');
    const event = parsed(message);
    const takers = this.subscriptions.filter(
      ({ topic, filter }) => topic === topicArn && (filter === undefined || (event !== undefined && matches(filter, event))),
    );
    this.published(
      message,
      takers.map(({ queue }) => queue),
    );
    for (const { deliver } of takers) await deliver(message);
    return randomUUID();
  }

  private async answer(text: string): Promise<Answer> {
    const { action, version, parameters } = readForm(text);
    try {
      const unknown = Object.keys(parameters).find((name) => !TAKES.includes(name));
      if (action !== 'Publish' || unknown)
        throw new SnsError('InvalidAction', `${action} ${unknown ? `with ${unknown} ` : ''}is not emulated.`);
      if (version !== VERSION) throw new SnsError('InvalidAction', `Could not find operation ${action} for version ${version}`);
      return formAnswer(action, { MessageId: await this.publish(parameters.TopicArn ?? '', parameters.Message ?? '') });
    } catch (error) {
      if (error instanceof SnsError) return formFault(error);
      throw error;
    }
  }
}

/** A message that is not JSON matches no filter. */
function parsed(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}
