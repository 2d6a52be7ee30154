import type { IConstruct } from 'constructs';
import {
  CHANNELS,
  KMS_KEY,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
  SettingError,
  type TextRule,
} from '../../../shared/synth/settings';

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,20}$/,
  must: 'be 1 to 20 lower-case letters and digits',
  remedy: 'The names of the key, the note and the attestor start with the prefix of the site.',
};
/** Google takes a wildcard anywhere after the registry. Below a registry are the projects of everybody. */
const PATTERN: TextRule = {
  pattern: /^[a-z0-9.-]+(:[0-9]+)?([/][A-Za-z0-9_.-]+)+(@sha256:[0-9a-f]{64}|[/]?[*]{1,2})?$/,
  must: 'be images with their registry, or folders of images that end in * or **',
  remedy: 'Write them like us-docker.pkg.dev/cloudrun/container/** or docker.io/library/nginx@sha256:...',
};

interface RawSettings {
  readonly name?: string;
  readonly enforce?: boolean;
  readonly allowPatterns?: readonly string[];
  readonly signingKey?: string;
  readonly keyVersions?: readonly number[];
  readonly notify?: readonly string[];
}

/**
 * The settings of a policy of images, checked, with their defaults.
 * @throws SettingError
 */
export function securitySettings(scope: IConstruct, props: RawSettings) {
  const { name = 'signed', enforce = false, allowPatterns, signingKey, keyVersions = [1], notify = [] } = props;
  requireText(scope, { name }, NAME);
  requireOneOf(scope, { enforce }, [true, false], 'Leave it out for a dry run.');
  requireTexts(scope, { allowPatterns }, PATTERN);
  if (signingKey !== undefined) requireText(scope, { signingKey }, KMS_KEY);
  requireVersions(scope, keyVersions);
  requireTexts(scope, { notify }, CHANNELS);
  return { name, enforce, allowPatterns, keyVersions, notify };
}

function requireVersions(scope: IConstruct, keyVersions: readonly number[]) {
  const remedy = 'See gcloud kms keys versions list.';
  if (!Array.isArray(keyVersions) || keyVersions.length === 0 || new Set(keyVersions).size < keyVersions.length) {
    throw new SettingError(
      scope,
      'keyVersions must be a list of different versions',
      JSON.stringify(keyVersions) ?? typeof keyVersions,
      remedy,
    );
  }
  for (const version of keyVersions)
    requireNumber(scope, { keyVersions: version }, { from: 1, to: 1_000_000, unit: 'as the number of a version', remedy }, 'known');
}
