import type { IConstruct } from 'constructs';
import {
  KMS_KEY,
  type NumberRule,
  requireAbsent,
  requireNumber,
  requireOneOf,
  requireText,
  type TextRule,
} from '../../../shared/synth/settings';

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,20}$/,
  must: 'be 1 to 20 lower-case letters and digits',
  remedy: 'The id of a repository starts with the prefix of the site.',
};
const REPOSITORY_ID: TextRule = {
  pattern: /^projects\/[^/\s]+\/locations\/[^/\s]+\/repositories\/[^/\s]+$/,
  must: 'be the id of a repository',
  remedy: 'Find it with gcloud artifacts repositories describe --format="value(name)".',
};
const KEPT: NumberRule = { from: 1, to: 100, unit: 'images', remedy: 'To keep more images, give each a tag.' };
const UNTAGGED: NumberRule = { from: 1, to: 365, unit: 'days', remedy: 'To keep an image for longer, give it a tag.' };
/** The name of an image in a repository. */
export const IMAGE: TextRule = {
  pattern: /^(?=.{1,128}$)[a-z0-9]+([._/-][a-z0-9]+)*$/,
  must: 'be the name of an image in lower case',
  remedy: 'Write it like orders or press/renderer, without the repository.',
};

interface RawSettings {
  readonly name?: string;
  readonly keepImages?: number;
  readonly keepUntaggedDays?: number;
  readonly tags?: 'immutable' | 'mutable';
  readonly scan?: boolean;
  readonly encryptionKey?: string;
  readonly repositoryId?: string;
}

/**
 * The settings of a registry, checked, with their defaults.
 * @throws SettingError
 */
export function registrySettings(scope: IConstruct, props: RawSettings) {
  const { name = 'images', keepImages = 10, keepUntaggedDays = 30, tags = 'immutable', scan, encryptionKey, repositoryId } = props;
  requireText(scope, { name }, NAME);
  requireNumber(scope, { keepImages }, KEPT);
  requireNumber(scope, { keepUntaggedDays }, UNTAGGED, 'known');
  requireOneOf(scope, { tags }, ['immutable', 'mutable'], 'Leave it out for immutable tags.');
  if (scan !== undefined) requireOneOf(scope, { scan }, [true, false], 'Leave it out to do as the project does.');
  if (encryptionKey !== undefined) requireText(scope, { encryptionKey }, KMS_KEY);
  if (repositoryId !== undefined) {
    requireText(scope, { repositoryId }, REPOSITORY_ID);
    const { keepImages: kept, keepUntaggedDays: untagged, tags: moved } = props;
    requireAbsent(scope, 'repositoryId', {
      name: props.name,
      keepImages: kept,
      keepUntaggedDays: untagged,
      tags: moved,
      scan,
      encryptionKey,
    });
  }
  return { name, keepImages, keepUntaggedDays, tags, scan };
}
