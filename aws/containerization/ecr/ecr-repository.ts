import { Duration } from 'aws-cdk-lib';
import { type IRepository, type LifecycleRule, Repository, RepositoryEncryption, TagMutability, TagStatus } from 'aws-cdk-lib/aws-ecr';
import type { EventPattern } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import {
  mayDestroy,
  type NumberRule,
  type Removal,
  requireAbsent,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
  requireTime,
  SettingError,
  type TextRule,
} from '../../../shared/synth/settings';
import { acknowledge } from '../../foundation/acknowledge';
import { requireHome, requireKey } from '../../foundation/home';
import { allowPull } from '../../foundation/images';
import { removalPolicyOf } from '../../foundation/removal';
import type { Binding, Workload } from '../../ports/identity';

const IMAGES: NumberRule = { from: 1, to: 1000, unit: 'images', remedy: 'To keep an image for longer, give it a tag of releaseTags.' };
/** ECR allows 50 rules. Two are for other images. */
const MOST_RELEASES = 48;
const RELEASE: TextRule = {
  pattern: /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,126}$/,
  must: 'be starts of tags',
  remedy: "Write them like ['release-'].",
};
const REFERENCE: TextRule = {
  pattern: /^(sha256:[0-9a-f]{64}|(?!latest$)[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})$/,
  must: 'be a digest, or a tag other than latest',
  remedy: 'Use the digest or the commit that was pushed: latest is another image after the next push.',
};
const PUSH = ['ecr:CompleteLayerUpload', 'ecr:InitiateLayerUpload', 'ecr:PutImage', 'ecr:UploadLayerPart'];

/** Settings for {@link EcrRepository}. Every one has a safe default. */
export interface EcrRepositoryProps {
  /**
   * How many images are kept, from 1 to 1000, besides those of `releaseTags`. Older ones are deleted, also if they still run.
   * @default 100
   */
  readonly keepImages?: number;
  /**
   * The starts of the tags of images that are kept, such as `release-`: up to 1000 images of each, and up to 48 starts.
   * @default - no image is kept beyond `keepImages`
   */
  readonly releaseTags?: readonly string[];
  /**
   * How long images without a tag are kept, from 1 to 365 days.
   * @default 14 days
   */
  readonly keepUntagged?: Duration;
  /**
   * Whether a tag can be moved to another image. With `immutable`, a second push of a tag fails: tag images by commit.
   * @default immutable
   */
  readonly tags?: 'immutable' | 'mutable';
  /**
   * The KMS key that encrypts the images. Another key replaces the repository.
   * @default - a key of ECR itself, free of charge
   */
  readonly encryptionKey?: IKey;
  /**
   * An existing repository of this account and region. Its settings do not change.
   * @default - a new repository
   */
  readonly repository?: IRepository;
  /**
   * What happens to the images when the stack is deleted. `destroy` also requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Containerization stage: a private registry of images, which are scanned when they are pushed.
 *
 * Not for images of `cdk deploy`, which has a repository of its own. At the first deploy there is no image: push it before what
 * runs it is deployed. There is no alarm, because ECR has no metric of a fault: see `criticalFindings`.
 *
 * Idle it costs ten cents a month for each GB. A deploy changes every setting in place but the key, which replaces the repository. If
 * the construct gets another scope or id, a deploy creates an empty repository: the old one is retained with its images.
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/Repositories.html
 */
export class EcrRepository extends Construct {
  /** The new or the given repository, for anything this construct does not cover. */
  readonly repository: IRepository;
  /**
   * The events of scans that find a critical vulnerability: the pattern for an `EventBridgeEntry` with the bus `aws`. It matches basic
   * scanning. In an account with enhanced scanning, scans are events of Amazon Inspector, and it matches none.
   */
  readonly criticalFindings: EventPattern;

  constructor(scope: Construct, id: string, props: EcrRepositoryProps = {}) {
    super(scope, id);
    const { keepImages = 100, releaseTags = [], keepUntagged = Duration.days(14), tags = 'immutable', encryptionKey } = props;
    requireNumber(this, { keepImages }, IMAGES);
    requireTexts(this, { releaseTags }, RELEASE);
    if (releaseTags.length > MOST_RELEASES) {
      const remedy = 'ECR allows 50 rules, and each has one of its own.';
      throw new SettingError(this, `releaseTags must be at most ${MOST_RELEASES} starts of tags`, releaseTags.length, remedy);
    }
    requireTime(this, { keepUntagged }, { from: 1, to: 365, unit: 'days', remedy: 'Images without a tag are those that a push replaced.' });
    requireOneOf(this, { tags }, ['immutable', 'mutable'], 'Leave it out for immutable tags.');
    requireKey(this, { encryptionKey });
    requireHome(this, { repository: props.repository }, 'Replicate the images to a repository of this account and region.');
    if (props.repository) {
      const { keepImages: kept, releaseTags: releases, keepUntagged: untagged, tags: mutability } = props;
      const settings = { keepImages: kept, releaseTags: releases, keepUntagged: untagged, tags: mutability, encryptionKey };
      requireAbsent(this, 'repository', settings);
    }
    const removalPolicy = removalPolicyOf(this, props.removal);

    const makeRepository = () =>
      new Repository(this, 'Repository', {
        imageTagMutability: tags === 'immutable' ? TagMutability.IMMUTABLE : TagMutability.MUTABLE,
        imageScanOnPush: true,
        encryption: encryptionKey ? RepositoryEncryption.KMS : RepositoryEncryption.AES_256,
        encryptionKey,
        lifecycleRules: lifecycleOf(keepImages, releaseTags, keepUntagged),
        removalPolicy,
        emptyOnDelete: mayDestroy(this, props.removal),
      });
    this.repository = props.repository ?? makeRepository();
    if (!props.repository && !encryptionKey) {
      acknowledge(this.repository, {
        CKV_AWS_136: 'ECR encrypts the images with its own key (AES-256). For a key of yours, set encryptionKey.',
      });
    }
    if (tags === 'mutable') acknowledge(this.repository, { CKV_AWS_51: 'The setting tags is mutable.' });
    this.criticalFindings = {
      source: ['aws.ecr'],
      detailType: ['ECR Image Scan'],
      detail: { 'repository-name': [this.repository.repositoryName], 'finding-severity-counts': { CRITICAL: [{ exists: true }] } },
    };
  }

  /**
   * The URI of an image, for what runs it.
   * @param reference the digest, such as `sha256:...`, or a tag
   * @throws SettingError on the tag `latest`
   */
  imageUri(reference: string): string {
    requireText(this, { reference }, REFERENCE);
    const { repository } = this;
    return reference.startsWith('sha256:') ? repository.repositoryUriForDigest(reference) : repository.repositoryUriForTag(reference);
  }

  /** Allow `puller` to pull images of this repository, and nothing else. */
  bindPuller(puller: Workload, name: string): Binding {
    return this.bind(puller, name);
  }

  /** Allow `pusher` to push and pull images of this repository, and not to delete any. */
  bindPusher(pusher: Workload, name: string): Binding {
    return this.bind(pusher, name, PUSH);
  }

  private bind(workload: Workload, name: string, more?: readonly string[]): Binding {
    const { repositoryArn, repositoryUri } = this.repository;
    return { settings: { [`${name}_REPOSITORY_URI`]: repositoryUri }, waitFor: allowPull(workload, repositoryArn, more) };
  }
}

/**
 * The rules in their order: a later one deletes no image that an earlier one keeps. Each start of a tag has its own rule, because a
 * rule with several selects only images with all of them.
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
 */
function lifecycleOf(keepImages: number, releaseTags: readonly string[], keepUntagged: Duration): LifecycleRule[] {
  const kept = { description: 'Releases are kept.', tagStatus: TagStatus.TAGGED, maxImageCount: 1000 };
  return [
    ...[...new Set(releaseTags)].map((start) => ({ ...kept, tagPrefixList: [start] })),
    { description: 'Images without a tag.', tagStatus: TagStatus.UNTAGGED, maxImageAge: keepUntagged },
    { description: 'The oldest images.', tagStatus: TagStatus.ANY, maxImageCount: keepImages },
  ];
}
