import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import type { NumberRule, TextRule } from '../../../shared/synth/settings';
import { FOLDERS, KMS_KEY, requireAbsent, requireNumber, requireText, SettingError } from '../../../shared/synth/settings';
import { type RawFiles, requireRawFiles } from './raw-files';

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,20}$/,
  must: 'be 1 to 20 lower-case letters and digits',
  remedy: 'The name of a bucket has no room for more.',
};
const BUCKET_NAME: TextRule = {
  pattern: /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/,
  must: 'be the name of a bucket',
  remedy: 'Write it without gs://, like plants-archive.',
};
const COLD: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Leave it out to use Autoclass.' };
const RETENTION: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Leave it out to keep objects forever.' };
/** The provider takes no more seconds than fit into 32 bits. */
const IMMUTABLE: NumberRule = { from: 1, to: 24_855, unit: 'days', remedy: 'Leave it out to restore objects instead.' };
const UNDELETE: NumberRule = { from: 7, to: 90, unit: 'days', remedy: 'Or set 0 to disable soft delete.' };

interface RawSettings {
  readonly name?: string;
  readonly prefix?: string;
  readonly coldAfterDays?: number;
  readonly retentionDays?: number;
  readonly immutableDays?: number;
  readonly undeleteWindowDays?: number;
  readonly encryptionKey?: string;
  readonly bucketName?: string;
  readonly rawFiles?: RawFiles;
}

/**
 * The settings of a store, checked, with their defaults.
 * @throws SettingError
 */
export function storeSettings(scope: IConstruct, props: RawSettings) {
  const { coldAfterDays, retentionDays, immutableDays, encryptionKey, bucketName } = props;
  const { name = 'events', prefix = 'events/', undeleteWindowDays = 7 } = props;
  requireText(scope, { name }, NAME);
  requireText(scope, { prefix }, FOLDERS);
  if (coldAfterDays !== undefined) requireNumber(scope, { coldAfterDays }, COLD);
  if (retentionDays !== undefined) requireNumber(scope, { retentionDays }, RETENTION);
  if (immutableDays !== undefined) {
    requireNumber(scope, { immutableDays }, IMMUTABLE, 'known');
    requireOrder(scope, immutableDays, retentionDays);
  }
  if (undeleteWindowDays !== 0) requireNumber(scope, { undeleteWindowDays }, UNDELETE, 'known');
  if (props.rawFiles !== undefined) requireRawFiles(scope, props.rawFiles);
  if (encryptionKey !== undefined) requireText(scope, { encryptionKey }, KMS_KEY);
  if (bucketName !== undefined) {
    requireText(scope, { bucketName }, BUCKET_NAME);
    const { name: ending, undeleteWindowDays: undelete } = props;
    const ofNew = { name: ending, coldAfterDays, retentionDays, immutableDays, undeleteWindowDays: undelete, encryptionKey };
    requireAbsent(scope, 'bucketName', ofNew);
  }
  return { name, prefix, undeleteWindowDays };
}

/** Google would delete no object before its time, and say nothing. */
function requireOrder(scope: IConstruct, immutableDays: number, retentionDays: number | undefined) {
  if (retentionDays === undefined || Token.isUnresolved(retentionDays) || retentionDays >= immutableDays) return;
  const rule = `retentionDays must not be below immutableDays, which is ${immutableDays}`;
  throw new SettingError(scope, rule, retentionDays, 'No object can be deleted before.');
}
