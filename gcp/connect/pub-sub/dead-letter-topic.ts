import { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { PubsubTopic } from '@cdktf/provider-google/lib/pubsub-topic';
import { PubsubTopicIamMember } from '@cdktf/provider-google/lib/pubsub-topic-iam-member';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import type { Binding, Workload } from '../../ports/identity';
import type { DeadLetter } from '../../ports/records';
import type { Site } from '../../ports/site';
import { alertOnAny } from './subscription-alerts';
import { type TopicSettings, topicOf } from './topic';

/** Settings for {@link DeadLetterTopic}. */
export interface DeadLetterTopicProps extends TopicSettings {
  /** The ids of the notification channels that the alert notifies. */
  readonly notify: readonly string[];
}

/** Part of the Buffer stage: the dead-letter topic, and the subscription that keeps its messages for 31 days. */
export class DeadLetterTopic extends Construct implements DeadLetter {
  /** The topic, for anything this construct does not cover. */
  readonly topic: PubsubTopic;
  /** The subscription to read the dead letter from. */
  readonly subscription: PubsubSubscription;
  /** What must exist before a subscription forwards to this topic: the permission to publish, and the subscription that keeps messages. */
  readonly ready: readonly ITerraformDependable[];

  private readonly site: Site;

  constructor(scope: Construct, id: string, props: DeadLetterTopicProps) {
    super(scope, id);
    const { site, meta, notify } = props;
    const { project, pubSubAgent } = site;
    const name = `${site.prefix}-${props.name}`;
    this.site = site;
    this.topic = topicOf(this, props);
    // A topic without a subscription drops its messages. With an expiration policy, an idle subscription is deleted after 31 days.
    this.subscription = new PubsubSubscription(this, 'Subscription', {
      project,
      name,
      topic: this.topic.id,
      ackDeadlineSeconds: 60,
      messageRetentionDuration: `${31 * 24 * 3600}s`,
      expirationPolicy: { ttl: '' },
      lifecycle: meta.lifecycle,
    });
    keepAddress(this.subscription, props.name);
    const forwarder = new PubsubTopicIamMember(this, 'Forwarder', {
      project,
      topic: this.topic.id,
      role: 'roles/pubsub.publisher',
      member: pubSubAgent,
    });
    keepAddress(forwarder, `${props.name}-forwarder`);
    this.ready = [forwarder, this.subscription];
    alertOnAny(this, 'Alert', { project, subscription: this.subscription, notify });
  }

  bindWriter(writer: Workload, name: string): Binding {
    const { member, forEach } = writer;
    const grant = { project: this.site.project, topic: this.topic.id, role: 'roles/pubsub.publisher', member, forEach };
    return {
      settings: { [`${name}_TOPIC`]: this.topic.id, [`${name}_ENDPOINT`]: `${this.site.region}-pubsub.googleapis.com` },
      waitFor: [new PubsubTopicIamMember(writer, `${name}Writer`, grant)],
    };
  }
}
