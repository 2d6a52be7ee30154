import { ArtifactRegistryRepository } from '@cdktf/provider-google/lib/artifact-registry-repository';
import { ArtifactRegistryRepositoryIamMember } from '@cdktf/provider-google/lib/artifact-registry-repository-iam-member';
import { Fn, Token } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { mayDestroy, type Removal, requireText } from '../../../shared/synth/settings';
import { googleKey } from '../../foundation/answers';
import { needApis } from '../../foundation/apis';
import { allowEncrypt } from '../../foundation/encryption';
import { type ContainerImage, DIGEST } from '../../foundation/images';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import { IMAGE, registrySettings } from './registry-settings';

/** Settings for {@link ArtifactRegistry}. */
export interface ArtifactRegistryProps {
  /** The project, the region and the prefix of the repository. */
  readonly site: Site;
  /**
   * The end of the id of the repository: 1 to 20 lower-case letters and digits. Each registry of a site and of a stack needs its own
   * name. A change of the name is a replacement, which fails unless `removal: 'destroy'` and `destroyData` are set.
   * @default images
   */
  readonly name?: string;
  /**
   * How many images of each name are kept in any case, the newest first, from 1 to 100. Something may run one of them by its digest.
   * @default 10
   */
  readonly keepImages?: number;
  /**
   * How long further images without a tag are kept, from 1 to 365 days. They are deleted then, also if something runs them by their
   * digest. Images with a tag are kept until somebody deletes them.
   * @default 30
   */
  readonly keepUntaggedDays?: number;
  /**
   * Whether a tag can be moved to another image. With `immutable`, a second push of a tag fails, `latest` too: tag images by commit.
   * @default immutable
   */
  readonly tags?: 'immutable' | 'mutable';
  /**
   * Whether Artifact Analysis scans each image for vulnerabilities when it is pushed, for about 0.26 USD an image. `true` enables the
   * API `containerscanning`, which stays enabled, and then scans the images of every repository of the project that does not refuse it,
   * those of functions too. `false` refuses it for this repository.
   * @default - as the project does: images are scanned if the API is enabled
   */
  readonly scan?: boolean;
  /**
   * The id of a Cloud KMS key in the region of the site, which encrypts the images. The Artifact Registry service agent of the project
   * is granted the use of the key. A change is a replacement, as for `name`.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The id of an existing repository of the format Docker, such as `projects/acme-data/locations/europe-west1/repositories/images`. Its
   * settings stay unchanged.
   * @default - a new repository
   */
  readonly repositoryId?: string;
  /**
   * What happens to the images when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the
   * context `destroyData`: Google then deletes the images without a question.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Containerization stage: a private repository of images in Artifact Registry. Members of roles pull and push with a Google access
 * token, and nobody else.
 *
 * Cloud Run in the same project pulls without a grant. At the first deploy there is no image: create the repository alone, with
 * `terraform apply -target`, push, then deploy what runs the image. Do not use it for files: use a store. Cloud Functions have
 * repositories of their own, because their builds move tags. A deleted image cannot be restored. There is no alert, because Artifact
 * Registry has no metric of a fault.
 *
 * It costs ten cents a month for each GB of images, and nothing for pulls from its region. A deploy changes every setting in place but the
 * name, the region and the key.
 * @see https://cloud.google.com/artifact-registry/docs/repositories/cleanup-policy
 */
export class ArtifactRegistry extends Construct {
  /** The repository, if this construct created it. */
  readonly repository?: ArtifactRegistryRepository;
  readonly repositoryId: string;
  /** The address that images are pushed to and pulled from, such as `europe-west1-docker.pkg.dev/acme-data/acme-images`. */
  readonly repositoryUri: string;

  constructor(scope: Construct, id: string, props: ArtifactRegistryProps) {
    super(scope, id);
    const { site, encryptionKey: cryptoKeyId } = props;
    const { name, keepImages, keepUntaggedDays, tags, scan } = registrySettings(this, props);
    const lifecycle = mayDestroy(this, props.removal) ? undefined : { preventDestroy: true };
    if (props.repositoryId === undefined) takeName(this, 'repository of a site', name, [site.project, site.prefix]);
    needApis(this, 'artifactregistry', ...(scan ? ['containerscanning'] : []));

    if (props.repositoryId === undefined) {
      this.repository = new ArtifactRegistryRepository(this, 'Repository', {
        project: site.project,
        location: site.region,
        repositoryId: `${site.prefix}-${name}`,
        format: 'DOCKER',
        dockerConfig: { immutableTags: tags === 'immutable' },
        // Always set: without the block, Google keeps the previous setting.
        vulnerabilityScanningConfig: { enablementConfig: scan === false ? 'DISABLED' : 'INHERITED' },
        cleanupPolicyDryRun: false,
        cleanupPolicies: [
          { id: 'keep-newest', action: 'KEEP', mostRecentVersions: { keepCount: keepImages } },
          { id: 'delete-untagged', action: 'DELETE', condition: { tagState: 'UNTAGGED', olderThan: `${keepUntaggedDays * 24 * 3600}s` } },
        ],
        kmsKeyName: cryptoKeyId,
        dependsOn: [...site.waitFor, ...allowEncrypt(this, { site, cryptoKeyId, services: ['artifactregistry'] })],
        lifecycle,
      });
      keepAddress(this.repository, name);
      if (cryptoKeyId === undefined) acknowledge(this.repository, { CKV_GCP_84: googleKey('encryptionKey') });
    }
    this.repositoryId = this.repository?.id ?? props.repositoryId!;
    const [project, region, repository] = this.repository
      ? [site.project, site.region, this.repository.name]
      : [1, 3, 5].map((index) => partOf(props.repositoryId!, index));
    this.repositoryUri = `${region}-docker.pkg.dev/${project}/${repository}`;
  }

  /**
   * An image of this repository, for what runs it.
   * @param name the name of the image, such as `orders`
   * @param digest the digest that a push shows, such as `sha256:...`
   * @throws SettingError on a tag
   */
  image(name: string, digest: string): ContainerImage {
    requireText(this, { name }, IMAGE);
    requireText(this, { digest }, DIGEST);
    return { repository: `${this.repositoryUri}/${name}`, digest };
  }

  /** Allow `puller` to pull images of this repository, and nothing else. */
  bindPuller(puller: Workload, name: string): Binding {
    return this.bind(puller, name, 'reader');
  }

  /** Allow `pusher` to push and pull images of this repository, and not to delete any. */
  bindPusher(pusher: Workload, name: string): Binding {
    return this.bind(pusher, name, 'writer');
  }

  private bind(workload: Workload, name: string, role: 'reader' | 'writer'): Binding {
    const { member, forEach } = workload;
    const grant = { repository: this.repositoryId, role: `roles/artifactregistry.${role}`, member, forEach };
    const id = `${name}${role === 'writer' ? 'Pusher' : 'Puller'}`;
    return {
      settings: { [`${name}_REPOSITORY_URI`]: this.repositoryUri },
      waitFor: [new ArtifactRegistryRepositoryIamMember(workload, id, grant)],
    };
  }
}

/** A part of an id, which may be known only at deploy. */
function partOf(id: string, index: number): string {
  return Token.isUnresolved(id) || id.includes('${') ? Token.asString(Fn.element(Fn.split('/', id), index)) : id.split('/')[index]!;
}
