import { KmsCryptoKeyIamMember } from '@cdktf/provider-google/lib/kms-crypto-key-iam-member';
import { PubsubSubscription, type PubsubSubscriptionConfig } from '@cdktf/provider-google/lib/pubsub-subscription';
import { PubsubSubscriptionIamMember } from '@cdktf/provider-google/lib/pubsub-subscription-iam-member';
import { PubsubTopic } from '@cdktf/provider-google/lib/pubsub-topic';
import { PubsubTopicIamMember } from '@cdktf/provider-google/lib/pubsub-topic-iam-member';
import { TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import type { NumberRule, Removal, TextRule } from '../../../shared/synth/settings';
import { CHANNELS, KMS_KEY, mayDestroy, requireAbsent, requireNumber, requireText, requireTexts } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import type { Delivery } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { RecordSink, RecordSource, SendRequest } from '../../ports/records';
import type { Site } from '../../ports/site';
import { DeadLetterTopic, GOOGLE_KEY } from './dead-letter-topic';
import { SubscriptionAlert } from './subscription-alert';

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
export class PubSubBuffer extends Construct implements RecordSink, RecordSource {
  /** The topic, when this construct made it. */
  readonly topic?: PubsubTopic;
  /** The id of the topic, made or existing. */
  readonly topicId: string;
  /** The topic and the subscription of the dead letter. What nobody reads is deleted after 31 days. */
  readonly deadLetter: DeadLetterTopic;
  readonly sendRequest: SendRequest;
  readonly format = 'pub-sub-push';

  private readonly site: Site;
  private readonly name: string;
  private readonly endpoint: string;
  private readonly retentionSeconds: number;
  private readonly notify: readonly string[];

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
    this.name = `${site.prefix}-${name}`;
    this.retentionSeconds = retentionDays * 24 * 3600;
    this.notify = notify;
    const meta = { dependsOn: [...site.waitFor, ...this.allowEncrypt(kmsKeyName)], lifecycle };
    if (topicId === undefined) {
      this.topic = new PubsubTopic(this, 'Topic', {
        ...meta,
        project: site.project,
        name: this.name,
        kmsKeyName,
        messageRetentionDuration: `${this.retentionSeconds}s`,
        messageStoragePolicy: { allowedPersistenceRegions: [site.region], enforceInTransit: true },
      });
    }
    if (this.topic && !kmsKeyName) acknowledge(this.topic, GOOGLE_KEY);
    this.topicId = topicId ?? this.topic!.id;
    // A topic that keeps its events in the region on their way too takes and hands them out at the region's address alone.
    this.endpoint = `${site.region}-pubsub.googleapis.com`;
    this.sendRequest = {
      url: `https://${this.endpoint}/v1/${this.topicId}:publish`,
      headers: { 'Content-Type': 'application/json' },
      body: (event) => JSON.stringify({ messages: [{ data: Buffer.from(event).toString('base64') }] }),
    };
    this.deadLetter = new DeadLetterTopic(this, 'DeadLetter', { site, name: `${this.name}-dead-letter`, meta, kmsKeyName, notify });
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
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): void {
    const { url, timeoutSeconds, invokerEmail: serviceAccountEmail } = target;
    const { maxRetries = 9, minBackoffSeconds = 10, maxBackoffSeconds: longest = 600 } = delivery;
    requireNumber(target, { timeoutSeconds }, { from: 10, to: 600, unit: 'seconds', remedy: 'Pub/Sub waits that long for an answer.' });
    requireNumber(this, { maxRetries }, { from: 4, to: 99, unit: 'retries', remedy: 'Pub/Sub takes no other number.' }, 'known');
    requireNumber(this, { maxBackoffSeconds: longest }, { from: 0, to: 600, unit: 'seconds', remedy: 'No pause is longer.' }, 'known');
    requireNumber(this, { minBackoffSeconds }, { from: 0, to: longest, unit: 'seconds', remedy: 'A pause only grows.' }, 'known');

    const maxDeliveryAttempts = maxRetries + 1;
    this.subscribe(target, 'Trigger', {
      ackDeadlineSeconds: timeoutSeconds,
      pushConfig: {
        // With the number of attempts in its address, the target knows the last one and can say why it failed.
        pushEndpoint: `${url}?maxDeliveryAttempts=${maxDeliveryAttempts}`,
        oidcToken: { serviceAccountEmail, audience: url },
      },
      deadLetterPolicy: { deadLetterTopic: this.deadLetter.topic.id, maxDeliveryAttempts },
      retryPolicy: { minimumBackoff: `${minBackoffSeconds}s`, maximumBackoff: `${longest}s` },
      dependsOn: [...this.deadLetter.ready, ...target.invocable],
    });
  }

  bindReader(reader: Workload, name: string): Binding {
    const subscription = this.subscribe(reader, `${name}Subscription`, { ackDeadlineSeconds: 60 });
    const { member, forEach } = reader;
    const grant = { project: this.site.project, subscription: subscription.name, role: 'roles/pubsub.subscriber', member, forEach };
    return {
      settings: { [`${name}_SUBSCRIPTION`]: subscription.id, [`${name}_ENDPOINT`]: this.endpoint },
      waitFor: [new PubsubSubscriptionIamMember(reader, `${name}Reader`, grant)],
    };
  }

  /** A subscription for one workload, in its scope. It never expires, and an alert watches how long events wait in it. */
  private subscribe(scope: Workload, id: string, config: Partial<PubsubSubscriptionConfig>): PubsubSubscription {
    const { project, pubSubAgent } = this.site;
    const subscription = new PubsubSubscription(scope, id, {
      ...config,
      project,
      name: `${this.name}-${TerraformStack.of(scope).getLogicalId(scope.node).toLowerCase()}`,
      topic: this.topicId,
      messageRetentionDuration: `${this.retentionSeconds}s`,
      expirationPolicy: { ttl: '' },
    });
    const grant = { project, subscription: subscription.name, role: 'roles/pubsub.subscriber', member: pubSubAgent };
    if (config.deadLetterPolicy) new PubsubSubscriptionIamMember(scope, `${id}Forwarder`, grant);
    new SubscriptionAlert(scope, `${id}Late`, {
      project,
      subscription,
      metric: 'oldest_unacked_message_age',
      threshold: 3600,
      meaning: 'Events have waited for an hour: their reader is down or too slow.',
      notify: this.notify,
    });
    return subscription;
  }

  private allowEncrypt(cryptoKeyId?: string): KmsCryptoKeyIamMember[] {
    if (!cryptoKeyId) return [];
    const role = 'roles/cloudkms.cryptoKeyEncrypterDecrypter';
    return [new KmsCryptoKeyIamMember(this, 'Encrypter', { cryptoKeyId, role, member: this.site.pubSubAgent })];
  }
}
