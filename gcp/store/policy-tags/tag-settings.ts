import type { IConstruct } from 'constructs';
import { CHANNELS, requireOneOf, requireText, requireTexts, SettingError, type TextRule } from '../../../shared/synth/settings';
import type { Masking } from '../../foundation/policy-tag';
import { MEMBERS } from '../../foundation/principal';

/** What one tag allows. */
export interface TagSettings {
  /**
   * The description of the tag.
   * @default - no description
   */
  readonly description?: string;
  /**
   * Who sees the values of columns with the tag: IAM members such as `group:privacy@example.com`. They must be able to query the store
   * too. A store lets its own readers see them with `allColumns`. Terraform must know the members when it plans.
   * @default - nobody
   */
  readonly readers?: readonly string[];
  /**
   * What other readers of a store see: `SHA256` for a hash that joins and counts as the value does, `ALWAYS_NULL`,
   * `DEFAULT_MASKING_VALUE` for a value such as an empty text or 0, `EMAIL_MASK`, `FIRST_FOUR_CHARACTERS`, `LAST_FOUR_CHARACTERS` or
   * `DATE_YEAR_MASK`. Whoever can guess a value finds its hash.
   * @default - BigQuery refuses them each query that reads the column
   */
  readonly masking?: Masking;
  /**
   * Who sees the masked values, beside the workloads that a store binds as readers: IAM members.
   * @default - nobody
   */
  readonly maskedReaders?: readonly string[];
}

const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9_]{0,19}$/,
  must: 'be 1 to 20 lower-case letters, digits and underscores',
  remedy: 'Start with a letter.',
};
const DESCRIPTION: TextRule = {
  pattern: /^[^\p{Cc}]{1,500}$/u,
  must: 'be one line of 1 to 500 characters',
  remedy: 'Say which data has the tag.',
};
const MASKINGS: readonly Masking[] = [
  ...(['ALWAYS_NULL', 'DEFAULT_MASKING_VALUE', 'SHA256', 'EMAIL_MASK'] as const),
  ...(['FIRST_FOUR_CHARACTERS', 'LAST_FOUR_CHARACTERS', 'DATE_YEAR_MASK'] as const),
];

interface RawSettings {
  readonly tags: Readonly<Record<string, TagSettings>>;
  readonly name?: string;
  readonly notify?: readonly string[];
}

/**
 * The settings of tags, checked, with their defaults.
 * @throws SettingError
 */
export function tagSettings(scope: IConstruct, props: RawSettings) {
  const { name = 'columns', tags, notify = [] } = props;
  requireText(scope, { name }, NAME);
  if (typeof tags !== 'object' || tags === null || Array.isArray(tags) || Object.keys(tags).length === 0)
    throw new SettingError(scope, 'tags must be tags by name', 'none', 'Write them like { personal: { readers: [...] } }.');
  for (const [tag, settings] of Object.entries(tags)) requireTag(scope, tag, settings);
  requireTexts(scope, { notify }, CHANNELS);
  return { name, tags, notify };
}

function requireTag(scope: IConstruct, tag: string, settings: TagSettings) {
  requireText(scope, { 'the name of a tag': tag }, NAME);
  if (typeof settings !== 'object' || settings === null)
    throw new SettingError(scope, `the tag ${tag} must have settings`, typeof settings, 'Write it like { readers: [...] }.');
  const { description, readers, masking, maskedReaders } = settings;
  if (description !== undefined) requireText(scope, { [`description of ${tag}`]: description }, DESCRIPTION);
  requireTexts(scope, { [`readers of ${tag}`]: readers, [`maskedReaders of ${tag}`]: maskedReaders }, MEMBERS);
  if (masking !== undefined)
    requireOneOf(scope, { [`masking of ${tag}`]: masking }, MASKINGS, 'Leave it out to refuse queries of the column.');
  else if (maskedReaders !== undefined && maskedReaders.length > 0)
    throw new SettingError(scope, `maskedReaders of ${tag} must come with masking`, 'none', 'Say what they see, such as SHA256.');
}
