import type { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { PubsubTopic } from '@cdktf/provider-google/lib/pubsub-topic';
import { Construct } from 'constructs';
import { takeName } from '../../../shared/synth/kept-name';
import { mayDestroy, type Removal, requireNumber } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { allowEncrypt } from '../../foundation/encryption';
import type { Delivery, DirectSource, DirectStore, NotificationSink, NotificationTarget } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { Reading, RecordSink, RecordSource, SendRequest } from '../../ports/records';
import type { Site } from '../../ports/site';
import { bufferSettings } from './buffer-settings';
import { DeadLetterTopic } from './dead-letter-topic';
import { type EventSchema, schemaOf } from './event-schema';
import { acceptNotifications } from './notifications';
import { bindPublisher, sendRequest } from './publisher';
import { requireDelivery, StoreWriter } from './store-writer';
import { bindSubscriber, endingFor, inOrder, policiesOf, readerPolicies, type SubscribedTopic, subscribe } from './subscription';
import { topicOf } from './topic';

/** Settings for {@link PubSubBuffer}. */
export interface PubSubBufferProps {
  /** The project, the region and the prefix of the buffer. */
  readonly site: Site;
  /**
   * The end of the name of the topic: 1 to 40 lower-case letters, digits and hyphens, starting with a letter. Each buffer of a
   * site and of a stack needs its own name. A change of the name replaces the topic: Terraform deletes the old one, with its
   * waiting events.
   * @default events
   */
  readonly name?: string;
  /**
   * How long the topic keeps an event for replay, and a subscription one that waits, from 1 to 31 days. It is billed by the gigabyte.
   * @default 7
   */
  readonly retentionDays?: number;
  /**
   * The id of a Cloud KMS key in the region of the site, which encrypts the events and the dead letter. The Pub/Sub service
   * agent of the project is granted the use of the key.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * Whether events must stay in the region of the site in transit too. Senders and readers in other regions, also Google
   * services, must then use the regional endpoint: requests to the global endpoint fail.
   * @default false
   */
  readonly enforceInTransit?: boolean;
  /**
   * Whether events with the same `partitionkey` are delivered in the order of their arrival. See {@link PubSubBuffer}.
   * A change replaces each subscription, with the events that wait in it: Terraform refuses that unless the data may be destroyed.
   * Create another buffer instead, send to it, and remove the first one when it is empty.
   * @default false
   */
  readonly ordered?: boolean;
  /**
   * What the events have in `data`. Pub/Sub then refuses what has other names or types when it is published, with the answer 400: also
   * extension attributes that are not listed, and notifications of Google services. It checks no formats and no missing attributes:
   * the handler does. It is effective at once, also for present senders.
   * @default - Pub/Sub takes everything, and the handler checks the event contract
   */
  readonly schema?: EventSchema;
  /**
   * The id of an existing topic, such as `projects/example/topics/orders`. Its settings stay. A subscription keeps what waits for 7 days.
   * @default - a new topic
   */
  readonly topicId?: string;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the events and the dead letter when the stack is deleted. With `retain`, `terraform destroy` fails.
   * `destroy` also requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Buffer stage: a Pub/Sub topic that absorbs bursts and allows replay, with a dead-letter topic and its subscription.
 *
 * With `ordered`, a processor and a reader get events with the same `partitionkey` in the order of their arrival, and an event without
 * a key in any order. A reader can pull several of a key at once, and must process them one after the other. An event that fails holds
 * up the later ones with its key until a retry succeeds, or until it is in the dead letter, with the default retries after about half an
 * hour. If it is delivered again, the later ones of its key can come again too, in order. Senders must set the key, as the send command
 * does, and use the address of the region. A key may have 1 MB a second. Neither a delivery into a store keeps order, because rows and
 * files have the time of each event, nor a reader with `unlimitedRetries`.
 *
 * Idle it costs nothing. A million events of 1 kB cost about 4 cents, and as much again for each reader; what the topic keeps is billed by
 * the gigabyte. Do not use it for events over 10 MB: store them as objects.
 * @see https://cloud.google.com/pubsub/docs/overview
 * @see https://cloud.google.com/pubsub/docs/ordering
 */
export class PubSubBuffer extends Construct implements RecordSink, RecordSource, DirectSource, NotificationSink {
  /** The topic, if this construct created it. */
  readonly topic?: PubsubTopic;
  /** The id of the topic, new or existing. */
  readonly topicId: string;
  /** The topic and the subscription of the dead letter. Messages that are not acknowledged are deleted after 31 days. */
  readonly deadLetter: DeadLetterTopic;
  readonly sendRequest: SendRequest;
  readonly format = 'pub-sub-push';
  readonly regionOnly: boolean;
  readonly ordered: boolean;
  /** The address of Pub/Sub in the region of the site. */
  readonly endpoint: string;

  private readonly site: Site;
  private readonly subscribed: SubscribedTopic;

  constructor(scope: Construct, id: string, props: PubSubBufferProps) {
    super(scope, id);
    const { site } = props;
    const { topicId, kmsKeyName, notify, name, retentionSeconds, enforceInTransit, ordered, schema } = bufferSettings(this, props);
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    const deadName = `${name}-dead-letter`;
    for (const one of [name, deadName]) takeName(this, 'buffer of a site', one, [site.project, site.prefix]);
    needApis(this, 'monitoring', 'pubsub');
    this.site = site;
    [this.regionOnly, this.ordered] = [enforceInTransit, ordered];
    const encrypted = allowEncrypt(this, { site, cryptoKeyId: kmsKeyName, services: ['pubsub'] });
    const meta = { dependsOn: [...site.waitFor, ...encrypted], lifecycle };
    const settings = { site, enforceInTransit, meta, kmsKeyName };
    if (topicId === undefined) {
      const schemaSettings = schema && schemaOf(this, { ...settings, name }, schema);
      this.topic = topicOf(this, { ...settings, name }, { messageRetentionDuration: `${retentionSeconds}s`, schemaSettings });
    }
    this.topicId = topicId ?? this.topic!.id;
    // The regional endpoint keeps events in the region in transit, also without enforceInTransit.
    this.endpoint = `${site.region}-pubsub.googleapis.com`;
    this.sendRequest = sendRequest(this.endpoint, this.topicId, ordered);
    this.deadLetter = new DeadLetterTopic(this, 'DeadLetter', { ...settings, name: deadName, notify });
    this.subscribed = { site, name, id: this.topicId, retentionSeconds, ordered, deadLetter: this.deadLetter, lifecycle, notify };
  }

  bindWriter(writer: Workload, name: string): Binding {
    return bindPublisher(writer, name, this);
  }

  bindNotifications(...asked: Parameters<NotificationSink['bindNotifications']>): NotificationTarget {
    return acceptNotifications(this, ...asked);
  }

  /**
   * The defaults of `delivery`: 9 retries, 10 to 600 seconds apart, which take about half an hour. The subscription has the name of the
   * target: if that changes, a new subscription is created, which receives only events that are published from then on.
   */
  deliverTo(target: FunctionWorkload, delivery?: Delivery): PubsubSubscription {
    const { url, timeoutSeconds, invokerEmail: serviceAccountEmail } = target;
    requireNumber(
      target,
      { timeoutSeconds },
      { from: 10, to: 600, unit: 'seconds', remedy: 'It is the limit of Pub/Sub for an acknowledgement.' },
    );
    const policies = { ...policiesOf(this, this.deadLetter, delivery), ...inOrder(this.subscribed) };
    return subscribe(target, 'Trigger', this.subscribed, endingFor(this.subscribed, target), {
      ...policies,
      ackDeadlineSeconds: timeoutSeconds,
      pushConfig: {
        // The handler reads the last attempt and the time limit from its URL, so that it can put the reason into the dead letter.
        pushEndpoint: `${url}?maxDeliveryAttempts=${policies.deadLetterPolicy.maxDeliveryAttempts}&timeoutSeconds=${timeoutSeconds}`,
        oidcToken: { serviceAccountEmail, audience: url },
      },
      dependsOn: [...target.invocable],
    });
  }

  /**
   * Write each record into `store` unchanged, with a service account of its own. The deployer must be allowed to act as that
   * service account. The default retries are those of `deliverTo`; into files they take up to an hour and a half, because each waits
   * until its file is closed.
   * @param name the name of this delivery, unique in the site: 1 to 11 lower-case letters and digits. A change of the name
   * replaces the subscription, and the events that wait in the old one are lost.
   * @throws SettingError if the store is in another region, or if another delivery of the site has the name
   */
  deliverInto(store: DirectStore, name: string, delivery?: Delivery): PubsubSubscription {
    const policies = policiesOf(this, this.deadLetter, delivery);
    requireDelivery(this, this.site, store, name);
    const writer = new StoreWriter(this, name, { site: this.site, name, store });
    return subscribe(writer, 'Subscription', this.subscribed, `into-${name}`, {
      ...{ ...policies, ...writer.config },
      // The maximum, because messages in an open file are not acknowledged yet.
      ackDeadlineSeconds: 600,
      dependsOn: [writer.ready],
    });
  }

  /**
   * The default retries are those of `deliverTo`. A reader has one minute for each record, unless it extends the ack deadline. The
   * setting `NAME_ATTEMPTS` is the last delivery of a record, after which Pub/Sub itself forwards it to the dead letter, without a reason.
   * `NAME_ORDERED` is `true` if the buffer is ordered: what waits behind a record of its key that must come again must be given back.
   * With `unlimitedRetries`, a record is delivered again at once, until the retention of the topic ends.
   */
  bindReader(reader: Workload, name: string, reading?: Reading): Binding {
    const policies = readerPolicies(this, this.subscribed, reading);
    return bindSubscriber(reader, name, { subscribed: this.subscribed, policies, endpoint: this.endpoint });
  }
}
