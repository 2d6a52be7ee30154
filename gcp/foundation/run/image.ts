import type { IConstruct } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';

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
/** The email of a service account. */
export const EMAIL: TextRule = {
  pattern: /^[^@:\s]+@\S+\.gserviceaccount\.com$/,
  must: 'be the email of a service account',
  remedy: 'Find it with gcloud iam service-accounts list.',
};

/**
 * Refuse an image that is not named by its digest.
 * @throws SettingError
 */
export function requireImage(scope: IConstruct, image: ContainerImage) {
  if (typeof image !== 'object' || image === null) {
    throw new SettingError(scope, 'image must be an object', typeof image, 'Write it like { repository: ..., digest: "sha256:..." }.');
  }
  requireText(scope, { 'image.repository': image.repository }, REPOSITORY);
  requireText(scope, { 'image.digest': image.digest }, DIGEST);
}
