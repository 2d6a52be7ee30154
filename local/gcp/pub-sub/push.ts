import type { Chaos } from '../../chaos';
import { Poster } from '../../http';
import type { Witness } from '../../platform';
import type { TokenIssuer } from '../identity/oidc';
import type { Delivery, Subscription } from './subscription';

/** The push settings of a subscription. */
export interface PushSettings {
  readonly endpoint: string;
  /** The service account of the token. */
  readonly email: string;
  readonly audience: string;
}

/** The status codes that acknowledge a message. @see https://cloud.google.com/pubsub/docs/push#receive_push */
const ACKNOWLEDGES = [102, 200, 201, 202, 204];

/** Pushes the messages of a subscription to its endpoint, one message in each call, with a limit of concurrent calls. */
export class PushDelivery {
  private readonly poster = new Poster(Number.POSITIVE_INFINITY);
  private readonly unsubscribe: () => void;
  private running = 0;
  private stopped = false;

  constructor(
    private readonly subscription: Subscription,
    private readonly options: {
      readonly push: PushSettings;
      readonly issuer: TokenIssuer;
      /** The limit of concurrent calls. The real Pub/Sub adapts it to the endpoint. */
      readonly concurrency: number;
      readonly witness: Witness;
      readonly chaos: Chaos;
    },
  ) {
    this.unsubscribe = subscription.onChange(() => this.pump());
    this.pump();
  }

  /** Start no more calls, and abort the running ones. */
  stop() {
    this.stopped = true;
    this.unsubscribe();
    this.poster.close();
  }

  private pump() {
    if (this.stopped) return;
    for (const delivery of this.subscription.take(this.options.concurrency - this.running)) {
      this.running += 1;
      void this.deliver(delivery).finally(() => {
        this.running -= 1;
        this.pump();
      });
    }
  }

  private async deliver(delivery: Delivery) {
    const { witness, chaos } = this.options;
    const { message, attempt, ackId } = delivery;
    const positions = [message.messageId];
    witness.delivered({ positions, attempt, from: this.subscription.settings.name.split('/').at(-1)! });
    let why = await this.call(delivery);
    if (this.stopped) return;
    if (why === undefined && chaos.answer() === 'lost') why = 'the answer was lost';
    if (why === undefined) this.subscription.acknowledge(ackId);
    witness.answered({ positions, outcome: why === undefined ? 'settled' : this.subscription.refuse(ackId), why });
  }

  /** @returns why the message was not acknowledged */
  private async call(delivery: Delivery): Promise<string | undefined> {
    const { push, issuer } = this.options;
    const { ackDeadline } = this.subscription.settings;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${issuer.token(push.email, push.audience)}` };
    const signal = AbortSignal.timeout(ackDeadline);
    try {
      const { status } = await this.poster.post(push.endpoint, headers, this.wrap(delivery), signal);
      return ACKNOWLEDGES.includes(status) ? undefined : `the endpoint answered with ${status}`;
    } catch (error) {
      return signal.aborted ? 'the acknowledgement deadline passed' : String(error);
    }
  }

  /** @see https://cloud.google.com/pubsub/docs/push#receive_push */
  private wrap({ message, attempt }: Delivery): Buffer {
    const { data, attributes, orderingKey, messageId } = message;
    const publishTime = message.publishTime.toISOString();
    const wrapped = {
      message: {
        attributes: Object.keys(attributes).length > 0 ? attributes : undefined,
        data: data.length > 0 ? data.toString('base64') : undefined,
        messageId,
        message_id: messageId,
        orderingKey: orderingKey || undefined,
        publishTime,
        publish_time: publishTime,
      },
      subscription: this.subscription.settings.name,
      deliveryAttempt: this.subscription.settings.deadLetter && attempt,
    };
    return Buffer.from(JSON.stringify(wrapped));
  }
}
