import { Aws, Stack, Token } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import type { Construct, IDependable } from 'constructs';
import { requireResource, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { requireHome } from '../../foundation/home';
import { allowPull } from '../../foundation/images';
import type { Workload } from '../../ports/identity';

/**
 * An image by its digest: one of a repository of this account and region, such as that of `EcrRepository`, or the URI of an image of
 * AWS, such as `763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-inference@sha256:...`.
 */
export type SageMakerImage = string | { readonly repository: IRepository; readonly digest: string };

const URI = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([a-z0-9][a-z0-9._/-]*)@sha256:[0-9a-f]{64}$/;
const REMEDY = 'A tag can be another image tomorrow. See aws ecr describe-images for the digest.';
const IMAGE: TextRule = { pattern: URI, must: 'be an image of ECR by its digest', remedy: REMEDY };
const DIGEST: TextRule = { pattern: /^sha256:[0-9a-f]{64}$/, must: 'be the digest of an image', remedy: REMEDY };

/**
 * Refuse an image that is not named by its digest, and one of another region, which SageMaker does not pull.
 * @throws SettingError
 */
export function requireImage(scope: Construct, image: SageMakerImage) {
  if (typeof image !== 'string') {
    requireResource(scope, { 'image.repository': image?.repository ?? null });
    requireHome(scope, { 'image.repository': image.repository }, 'SageMaker pulls from its own region only: copy the image.');
    requireText(scope, { 'image.digest': image.digest }, DIGEST);
    if (typeof image.repository.repositoryUriForDigest === 'function') return;
    throw new SettingError(
      scope,
      'image.repository must be a repository of ECR',
      'another construct',
      'Give repository of an EcrRepository.',
    );
  }
  if (Token.isUnresolved(image)) {
    const remedy = 'For an image of a repository of yours, give { repository, digest }.';
    throw new SettingError(scope, 'image must be known while synthesizing', 'a value that is known only at deploy', remedy);
  }
  requireText(scope, { image }, IMAGE);
  const { region } = Stack.of(scope);
  const [, , other] = URI.exec(image)!;
  if (Token.isUnresolved(region) || region === other) return;
  throw new SettingError(scope, `image must be of region ${region}, as its stack is`, other, 'SageMaker pulls from its own region only.');
}

/**
 * Allow a workload to pull an image.
 * @returns the URI of the image, and what must exist before the workload
 */
export function bindImage(workload: Workload, image: SageMakerImage): { readonly uri: string; readonly waitFor: readonly IDependable[] } {
  if (typeof image !== 'string') {
    const { repository, digest } = image;
    return { uri: repository.repositoryUriForDigest(digest), waitFor: allowPull(workload, repository.repositoryArn) };
  }
  const [, account, region, name] = URI.exec(image)!;
  return { uri: image, waitFor: allowPull(workload, `arn:${Aws.PARTITION}:ecr:${region}:${account}:repository/${name}`) };
}
