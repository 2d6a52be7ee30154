import { AssetType, type ITerraformDependable, TerraformAsset } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';
import type { HandlerCode } from '../../shared/synth/handler-needs';
import { requireText, SettingError, type TextRule } from '../../shared/synth/settings';

/** An image in a registry, by the digest of its content. A tag can be another image tomorrow, without a change in the plan. */
export interface ContainerImage {
  /**
   * The repository and the name of the image, such as `europe-west1-docker.pkg.dev/acme-data/images/orders`. For a repository in
   * another project, allow the Cloud Run service agent of this project to read it.
   */
  readonly repository: string;
  /** The digest of the image, such as `sha256:` and 64 digits. A registry shows it after a push. */
  readonly digest: string;
}

/** The Binary Authorization policy of the project: which images may start. */
export interface ImagePolicy {
  /** What must exist before an image is checked. For a policy that is there already, the list is empty. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** A repository of images. */
export const REPOSITORY: TextRule = {
  pattern: /^[a-z0-9.-]+(:[0-9]+)?([/][a-z0-9_.-]+)+$/,
  must: 'be a registry and the name of an image, without a tag',
  remedy: 'Write it like europe-west1-docker.pkg.dev/acme-data/images/orders.',
};
/** The digest of an image. */
export const DIGEST: TextRule = {
  pattern: /^sha256:[0-9a-f]{64}$/,
  must: 'be the digest of an image',
  remedy: 'A tag can be another image tomorrow. Find it with gcloud artifacts docker images list.',
};

/**
 * Refuse an image that is not named by its digest.
 * @param setting the name of the setting
 * @throws SettingError
 */
export function requireImage(scope: IConstruct, image: ContainerImage, setting = 'image') {
  if (typeof image !== 'object' || image === null) {
    throw new SettingError(scope, `${setting} must be an object`, typeof image, 'Write it like { repository: ..., digest: "sha256:..." }.');
  }
  requireText(scope, { [`${setting}.repository`]: image.repository }, REPOSITORY);
  requireText(scope, { [`${setting}.digest`]: image.digest }, DIGEST);
}

/**
 * Refuse a policy of images that is none. Without one, images are not checked.
 * @throws SettingError
 */
export function requirePolicy(scope: IConstruct, policy: ImagePolicy | undefined) {
  if (policy === undefined || Array.isArray(policy?.waitFor)) return;
  const remedy = 'Give the construct with the policy, or { waitFor: [] } for a policy that is there already.';
  throw new SettingError(scope, 'binaryAuthorization must be a policy of images', JSON.stringify(policy) ?? typeof policy, remedy);
}

/**
 * Add the package of a bundled handler to the stack.
 *
 * The image is tagged by the hash of the code, because a repository with immutable tags takes no second image of one tag, `latest` too.
 * To build the same code again, for example on a newer base image, run the command with another tag.
 * @param more further settings of the build, each after a comma
 * @returns the command that builds the image from it with the buildpacks of Google and shows its digest. It runs in the folder of the
 * stack, before the apply.
 * @see https://cloud.google.com/docs/buildpacks/build-application
 */
export function buildCommandOf(scope: Construct, code: HandlerCode, { repository }: ContainerImage, more = ''): string {
  const { path } = new TerraformAsset(scope, 'Code', { path: code.zip, type: AssetType.FILE, assetHash: code.hash });
  return `gcloud builds submit ${path} --pack image=${repository}:${code.hash.slice(0, 16)}${more}`;
}
