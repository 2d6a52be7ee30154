import { KmsCryptoKeyIamMember } from '@cdktf/provider-google/lib/kms-crypto-key-iam-member';
import type { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import { PubsubSubscriptionIamMember } from '@cdktf/provider-google/lib/pubsub-subscription-iam-member';
import { PubsubTopic } from '@cdktf/provider-google/lib/pubsub-topic';
import { PubsubTopicIamMember } from '@cdktf/provider-google/lib/pubsub-topic-iam-member';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { mayDestroy, type Removal, requireNumber } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { fixAddress, requireUnique } from '../../foundation/names';
import { Propagation } from '../../foundation/propagation';
import type { Delivery, DirectSource, DirectStore } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { RecordSink, RecordSource, SendRequest } from '../../ports/records';
import type { Site } from '../../ports/site';
import { bufferSettings } from './buffer-settings';
import { DeadLetterTopic, GOOGLE_KEY } from './dead-letter-topic';
import { requireOwnName, StoreWriter } from './store-writer';
import { endingFor, retries, type SubscribedTopic, subscribe } from './subscription';

/** Settings for {@link PubSubBuffer}. */
export interface PubSubBufferProps {
  /** Where the buffer stands. */
  readonly site: Site;
  /**
   * The end of the name of the topic: 1 to 40 lower-case letters, digits and hyphens, a letter first. It tells several
   * buffers of one site apart. With another name it is another topic: Terraform takes the first away, with what waits in it.
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
   * Whether events stay in the region of the site on their way too. Senders and readers in other regions, services of
   * Google among them, must then call the address of the region, and are refused at the global one.
   * @default false
   */
  readonly enforceInTransit?: boolean;
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

  constructor(scope: Construct, id: string, props: PubSubBufferProps) {
    super(scope, id);
    const { site } = props;
    const { topicId, kmsKeyName, notify, name, retentionSeconds, enforceInTransit } = bufferSettings(this, props);
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    requireUnique(this, [site.project, site.prefix], 'buffer of a site', name, 'Set name on one of them.');
    needApis(this, 'monitoring', 'pubsub');
    this.site = site;
    const meta = { dependsOn: [...site.waitFor, ...this.allowEncrypt(kmsKeyName)], lifecycle };
    if (topicId === undefined) {
      this.topic = new PubsubTopic(this, 'Topic', {
        ...meta,
        project: site.project,
        name: `${site.prefix}-${name}`,
        kmsKeyName,
        messageRetentionDuration: `${retentionSeconds}s`,
        messageStoragePolicy: { allowedPersistenceRegions: [site.region], enforceInTransit },
      });
      fixAddress(this.topic, name);
      if (!kmsKeyName) acknowledge(this.topic, GOOGLE_KEY);
    }
    this.topicId = topicId ?? this.topic!.id;
    // At the address of the region events stay in it on their way, whether they must or not.
    this.endpoint = `${site.region}-pubsub.googleapis.com`;
    this.sendRequest = {
      url: `https://${this.endpoint}/v1/${this.topicId}:publish`,
      headers: { 'Content-Type': 'application/json' },
      body: (event) => JSON.stringify({ messages: [{ data: Buffer.from(event).toString('base64') }] }),
    };
    const deadName = `${name}-dead-letter`;
    this.deadLetter = new DeadLetterTopic(this, 'DeadLetter', { site, name: deadName, meta, kmsKeyName, enforceInTransit, notify });
    this.subscribed = { site, name, id: this.topicId, retentionSeconds, deadLetter: this.deadLetter, lifecycle, notify };
  }

  bindWriter(writer: Workload, name: string): Binding {
    const { member, forEach } = writer;
    const grant = { topic: this.topicId, role: 'roles/pubsub.publisher', member, forEach };
    return {
      settings: { [`${name}_TOPIC`]: this.topicId, [`${name}_ENDPOINT`]: this.endpoint },
      waitFor: [new PubsubTopicIamMember(writer, `${name}Writer`, grant)],
    };
  }

  /**
   * Where `delivery` says nothing: 9 retries, 10 to 600 seconds apart, which last about half an hour. The subscription is named after the
   * target: with another name it is another one, which starts with what comes from then on.
   */
  deliverTo(target: FunctionWorkload, delivery?: Delivery): PubsubSubscription {
    const { url, timeoutSeconds, invokerEmail: serviceAccountEmail } = target;
    requireNumber(target, { timeoutSeconds }, { from: 10, to: 600, unit: 'seconds', remedy: 'Pub/Sub waits that long for an answer.' });
    const policies = retries(this, this.deadLetter, delivery);
    return subscribe(target, 'Trigger', this.subscribed, endingFor(this.subscribed, target), {
      ...policies,
      ackDeadlineSeconds: timeoutSeconds,
      pushConfig: {
        // The target knows from its address which attempt is the last one, so that it can say why it failed, and how long one may take.
        pushEndpoint: `${url}?maxDeliveryAttempts=${policies.deadLetterPolicy.maxDeliveryAttempts}&timeoutSeconds=${timeoutSeconds}`,
        oidcToken: { serviceAccountEmail, audience: url },
      },
      dependsOn: [...target.invocable],
    });
  }

  /**
   * Write each record into `store` as it came, as a service account of its own, which whoever deploys must be allowed to
   * act as. Where `delivery` says nothing, the retries are those of `deliverTo`.
   * @param name what tells this delivery from others of the site: 1 to 11 lower-case letters and digits. With another name
   * it is another subscription, and what waits in the first is lost.
   */
  deliverInto(store: DirectStore, name: string, delivery?: Delivery): PubsubSubscription {
    const policies = retries(this, this.deadLetter, delivery);
    requireOwnName(this, this.site, name);
    const writer = new StoreWriter(this, name, { site: this.site, name, store });
    return subscribe(writer, 'Subscription', this.subscribed, `into-${name}`, {
      ...policies,
      ...writer.config,
      // The longest there is: what waits in an open file is not acknowledged yet.
      ackDeadlineSeconds: 600,
      dependsOn: [writer.ready],
    });
  }

  /**
   * Where `delivery` says nothing, the retries are those of `deliverTo`. A reader has a minute for each record, unless it asks for more.
   */
  bindReader(reader: Workload, name: string, delivery?: Delivery): Binding {
    const policies = retries(this, this.deadLetter, delivery);
    const ending = endingFor(this.subscribed, reader);
    const subscription = subscribe(reader, `${name}Subscription`, this.subscribed, ending, { ...policies, ackDeadlineSeconds: 60 });
    const { member, forEach } = reader;
    const grant = { project: this.site.project, subscription: subscription.id, role: 'roles/pubsub.subscriber', member, forEach };
    return {
      settings: { [`${name}_SUBSCRIPTION`]: subscription.id, [`${name}_ENDPOINT`]: this.endpoint },
      waitFor: [new PubsubSubscriptionIamMember(reader, `${name}Reader`, grant)],
    };
  }

  private allowEncrypt(cryptoKeyId?: string): ITerraformDependable[] {
    if (!cryptoKeyId) return [];
    const role = 'roles/cloudkms.cryptoKeyEncrypterDecrypter';
    const grant = new KmsCryptoKeyIamMember(this, 'Encrypter', { cryptoKeyId, role, member: this.site.pubSubAgent });
    return [new Propagation(this, 'Propagation', [grant])];
  }
}
