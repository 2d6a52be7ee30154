import type { Chaos } from '../../chaos';
import { Poster } from '../../http';
import type { Witness } from '../../platform';
import type { TokenIssuer } from '../identity/oidc';
import type { Delivery, Subscription } from './subscription';

/** What a subscription that pushes is set to. */
export interface PushSettings {
  readonly endpoint: string;
  /** Who calls, and whom. */
  readonly email: string;
  readonly audience: string;
}

/** The answers that acknowledge a message. @see https://cloud.google.com/pubsub/docs/push#receive_push */
const ACKNOWLEDGES = [102, 200, 201, 202, 204];

/** Hands the messages of a subscription to its endpoint, one by one, and so many at a time. */
export class PushDelivery {
  private readonly poster = new Poster(Number.POSITIVE_INFINITY);
  private readonly forget: () => void;
  private underWay = 0;
  private stopped = false;

  constructor(
    private readonly subscription: Subscription,
    private readonly options: {
      readonly push: PushSettings;
      readonly issuer: TokenIssuer;
      /** How many calls may be under way. Pub/Sub finds out by itself what the endpoint bears. */
      readonly concurrency: number;
      readonly witness: Witness;
      readonly chaos: Chaos;
    },
  ) {
    this.forget = subscription.onChange(() => this.pump());
    this.pump();
  }

  /** Begin no other call, and give up those that are under way. */
  stop() {
    this.stopped = true;
    this.forget();
    this.poster.close();
  }

  private pump() {
    if (this.stopped) return;
    for (const delivery of this.subscription.take(this.options.concurrency - this.underWay)) {
      this.underWay += 1;
      void this.deliver(delivery).finally(() => {
        this.underWay -= 1;
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
