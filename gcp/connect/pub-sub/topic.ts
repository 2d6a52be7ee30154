import { PubsubTopic, type PubsubTopicConfig } from '@cdktf/provider-google/lib/pubsub-topic';
import type { TerraformMetaArguments } from 'cdktf';
import type { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import { googleKey } from '../../foundation/answers';
import type { Site } from '../../ports/site';

/** Why a topic may be encrypted with a Google-managed key. */
const GOOGLE_KEY = { CKV_GCP_83: googleKey('encryptionKey on the buffer') };

/** What the topics of a buffer have in common. */
export interface TopicSettings {
  /** The project and the region of the topic. */
  readonly site: Site;
  /** Its name, without the prefix. */
  readonly name: string;
  /** Whether events must stay in the region in transit too. */
  readonly enforceInTransit: boolean;
  /** The dependencies of the topic, and whether it may be destroyed. */
  readonly meta: Pick<TerraformMetaArguments, 'dependsOn' | 'lifecycle'>;
  /** The id of the key that encrypts it. */
  readonly kmsKeyName?: string;
}

/** Create a topic that stores its events in the region of the site. */
export function topicOf(
  scope: Construct,
  { site, name, enforceInTransit, meta, kmsKeyName }: TopicSettings,
  config: Partial<PubsubTopicConfig> = {},
): PubsubTopic {
  const topic = new PubsubTopic(scope, 'Topic', {
    ...meta,
    ...config,
    project: site.project,
    name: `${site.prefix}-${name}`,
    kmsKeyName,
    messageStoragePolicy: { allowedPersistenceRegions: [site.region], enforceInTransit },
  });
  keepAddress(topic, name);
  if (!kmsKeyName) acknowledge(topic, GOOGLE_KEY);
  return topic;
}
