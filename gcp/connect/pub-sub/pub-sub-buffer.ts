import { KmsCryptoKeyIamMember } from '@cdktf/provider-google/lib/kms-crypto-key-iam-member';
import { PubsubSubscriptionIamMember } from '@cdktf/provider-google/lib/pubsub-subscription-iam-member';
import { PubsubTopic } from '@cdktf/provider-google/lib/pubsub-topic';
import { PubsubTopicIamMember } from '@cdktf/provider-google/lib/pubsub-topic-iam-member';
import type { TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import type { NumberRule, Removal, TextRule } from '../../../shared/synth/settings';
import { CHANNELS, KMS_KEY, mayDestroy, requireAbsent, requireNumber, requireText, requireTexts } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import type { Delivery, DirectSource, DirectStore } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { RecordSink, RecordSource, SendRequest } from '../../ports/records';
import type { Site } from '../../ports/site';
import { DeadLetterTopic, GOOGLE_KEY } from './dead-letter-topic';
import { requireOwnName, StoreWriter } from './store-writer';
import { retries, type SubscribedTopic, subscribe } from './subscription';

const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9-]{0,39}$/,
  must: 'be 1 to 40 lower-case letters, digits and hyphens',
  remedy: 'It starts with a letter.',
};
const TOPIC_ID: TextRule = {
  pattern: /^projects\/[^/]+\/topics\/[^/]+$/,
  must: 'be the id of a topic',
  remedy: 'Write it like projects/example/topics/orders.',
};
const RETENTION: NumberRule = { from: 1, to: 31, unit: 'days', remedy: 'For longer replay, keep the raw events in a store.' };

/** Settings for {@link PubSubBuffer}. */
export interface PubSubBufferProps {
  /** Where the buffer stands. */
  readonly site: Site;
  /**
   * The end of the name of the topic: 1 to 40 lower-case letters, digits and hyphens, a letter first. It tells several
   * buffers of one site apart.
   * @default events
   */
  readonly name?: string;
  /**
   * How long an event stays readable for replay, from 1 to 31 days. It costs by the gigabyte.
   * @default 7
   */
  readonly retentionDays?: number;
  /**
   * The id of a key in Cloud KMS that encrypts the events and the dead letter, in the region of the site. The Pub/Sub
   * agent of the project gets the right to use it.
   * @default - a key that Google keeps, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The id of an existing topic, such as `projects/example/topics/orders`. Its retention, key and region stay as they are.
   * @default - a new topic
   */
  readonly topicId?: string;
  /**
   * The ids of the notification channels that hear every alert.
   * @default - alerts open an incident and tell nobody
   */
  readonly notify?: readonly string[];
  /**
   * What happens to the events and the dead letter when the stack is deleted. With `retain`, `terraform destroy` is
   * refused. `destroy` takes a second key, the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Buffer stage: a Pub/Sub topic that absorbs bursts and allows replay, with the topic and the subscription that hold what
 * could not be processed.
 *
 * There is no Pub/Sub schema on the topic. The handler checks the event contract, and a schema in Avro would ask senders
 * for another JSON: it wraps each optional value in an object that names its type. Not for events over 10 MB, nor where
 * events must keep their order.
 * @see https://cloud.google.com/pubsub/docs/overview
 */
export class PubSubBuffer extends Construct implements RecordSink, RecordSource, DirectSource {
  /** The topic, when this construct made it. */
  readonly topic?: PubsubTopic;
  /** The id of the topic, made or existing. */
  readonly topicId: string;
  /** The topic and the subscription of the dead letter. What nobody reads is deleted after 31 days. */
  readonly deadLetter: DeadLetterTopic;
  readonly sendRequest: SendRequest;
  readonly format = 'pub-sub-push';

  private readonly site: Site;
  private readonly endpoint: string;
  private readonly subscribed: SubscribedTopic;
  private readonly lifecycle?: TerraformResourceLifecycle;

  constructor(scope: Construct, id: string, props: PubSubBufferProps) {
    super(scope, id);
    const { site, topicId, encryptionKey: kmsKeyName, notify = [], name = 'events', retentionDays = 7 } = props;
    requireText(this, { name }, NAME);
    requireNumber(this, { retentionDays }, RETENTION, 'known');
    requireTexts(this, { notify }, CHANNELS);
    if (topicId !== undefined) {
      requireText(this, { topicId }, TOPIC_ID);
      requireAbsent(this, 'topicId', { retentionDays: props.retentionDays });
    }
    if (kmsKeyName !== undefined) requireText(this, { encryptionKey: kmsKeyName }, KMS_KEY);
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    needApis(this, 'monitoring', 'pubsub');
    this.site = site;
    const base = `${site.prefix}-${name}`;
    this.lifecycle = lifecycle;
    const retentionSeconds = retentionDays * 24 * 3600;
    const meta = { dependsOn: [...site.waitFor, ...this.allowEncrypt(kmsKeyName)], lifecycle };
    if (topicId === undefined) {
      this.topic = new PubsubTopic(this, 'Topic', {
        ...meta,
        project: site.project,
        name: base,
        kmsKeyName,
        messageRetentionDuration: `${retentionSeconds}s`,
        messageStoragePolicy: { allowedPersistenceRegions: [site.region], enforceInTransit: true },
      });
    }
    if (this.topic && !kmsKeyName) acknowledge(this.topic, GOOGLE_KEY);
    this.topicId = topicId ?? this.topic!.id;
    this.subscribed = { site, name: base, id: this.topicId, retentionSeconds, notify };
    // A topic that keeps its events in the region on their way too takes and hands them out at the region's address alone.
    this.endpoint = `${site.region}-pubsub.googleapis.com`;
    this.sendRequest = {
      url: `https://${this.endpoint}/v1/${this.topicId}:publish`,
      headers: { 'Content-Type': 'application/json' },
      body: (event) => JSON.stringify({ messages: [{ data: Buffer.from(event).toString('base64') }] }),
    };
    this.deadLetter = new DeadLetterTopic(this, 'DeadLetter', { site, name: `${base}-dead-letter`, meta, kmsKeyName, notify });
  }

  bindWriter(writer: Workload, name: string): Binding {
    const { member, forEach } = writer;
    const grant = { topic: this.topicId, role: 'roles/pubsub.publisher', member, forEach };
    return {
      settings: { [`${name}_TOPIC`]: this.topicId, [`${name}_ENDPOINT`]: this.endpoint },
      waitFor: [new PubsubTopicIamMember(writer, `${name}Writer`, grant)],
    };
  }

  /** Where `delivery` says nothing: 9 retries, 10 to 600 seconds apart, which last about half an hour. */
  deliverTo(target: FunctionWorkload, delivery?: Delivery): void {
    const { url, timeoutSeconds, invokerEmail: serviceAccountEmail } = target;
    requireNumber(target, { timeoutSeconds }, { from: 10, to: 600, unit: 'seconds', remedy: 'Pub/Sub waits that long for an answer.' });
    const policies = retries(this, this.deadLetter, delivery);
    subscribe(target, 'Trigger', this.subscribed, {
      ...policies,
      ackDeadlineSeconds: timeoutSeconds,
      pushConfig: {
        // With the number of attempts in its address, the target knows the last one and can say why it failed.
        pushEndpoint: `${url}?maxDeliveryAttempts=${policies.deadLetterPolicy.maxDeliveryAttempts}`,
        oidcToken: { serviceAccountEmail, audience: url },
      },
      dependsOn: [...this.deadLetter.ready, ...target.invocable],
    });
  }

  /**
   * Write each record into `store` as it came, as a service account of its own, which whoever deploys must be allowed to
   * act as. Where `delivery` says nothing, the retries are those of `deliverTo`.
   * @param name what tells this delivery from others of the site: 1 to 11 lower-case letters and digits. With another name
   * it is another subscription, and what waits in the first is lost.
   */
  deliverInto(store: DirectStore, name: string, delivery?: Delivery): void {
    requireOwnName(this, this.site, name);
    const policies = retries(this, this.deadLetter, delivery);
    const writer = new StoreWriter(this, name, { site: this.site, name, store });
    subscribe(writer, 'Subscription', this.subscribed, {
      ...policies,
      ...writer.config,
      name: `${this.subscribed.name}-into-${name}`,
      // The longest there is: what waits in an open file is not acknowledged yet.
      ackDeadlineSeconds: 600,
      lifecycle: this.lifecycle,
      dependsOn: [...this.deadLetter.ready, writer.ready],
    });
  }

  bindReader(reader: Workload, name: string): Binding {
    const subscription = subscribe(reader, `${name}Subscription`, this.subscribed, { ackDeadlineSeconds: 60 });
    const { member, forEach } = reader;
    const grant = { project: this.site.project, subscription: subscription.name, role: 'roles/pubsub.subscriber', member, forEach };
    return {
      settings: { [`${name}_SUBSCRIPTION`]: subscription.id, [`${name}_ENDPOINT`]: this.endpoint },
      waitFor: [new PubsubSubscriptionIamMember(reader, `${name}Reader`, grant)],
    };
  }

  private allowEncrypt(cryptoKeyId?: string): KmsCryptoKeyIamMember[] {
    if (!cryptoKeyId) return [];
    const role = 'roles/cloudkms.cryptoKeyEncrypterDecrypter';
    return [new KmsCryptoKeyIamMember(this, 'Encrypter', { cryptoKeyId, role, member: this.site.pubSubAgent })];
  }
}
