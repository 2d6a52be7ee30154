import type { IConstruct } from 'constructs';
import {
  CHANNELS,
  KMS_KEY,
  type NumberRule,
  requireAbsent,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
  type TextRule,
} from '../../../shared/synth/settings';

/** The two interfaces of Firestore. */
export const MODES = ['native', 'datastore'] as const;
export type Mode = (typeof MODES)[number];

const NAME: TextRule = {
  pattern: /^[a-z0-9]{1,20}$/,
  must: 'be 1 to 20 lower-case letters and digits',
  remedy: 'The id of a database starts with the prefix of the site.',
};
const COLLECTION: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_-]{0,99}$/,
  must: 'be 1 to 100 letters, digits, underscores and hyphens',
  remedy: 'Start with a letter.',
};
/** A field of a row, and none that the store sets. */
const FIELD: TextRule = {
  pattern: /^(?!(?:eventId|eventSource|eventTime|rowIndex|expiresAt)$)[A-Za-z][A-Za-z0-9_]{0,99}$/,
  must: 'be the name of a field of a row, and none that the store sets',
  remedy: 'Write it like subject: 1 to 100 letters, digits and underscores, a letter first.',
};
const LOCATION: TextRule = {
  pattern: /^([a-z]+-[a-z]+[0-9]+|nam[0-9]+|eur[0-9]+)$/,
  must: 'be the name of a region or of a multi-region',
  remedy: 'Write it like europe-west1 or eur3.',
};
const DATABASE_ID: TextRule = {
  pattern: /^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$/,
  must: 'be the id of a database',
  remedy: 'Find it with gcloud firestore databases list.',
};
const KEPT: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Leave it out to keep rows forever.' };
const BACKUPS: NumberRule = { from: 1, to: 98, unit: 'days', remedy: 'Firestore keeps no backup for longer.' };

interface RawSettings {
  readonly site: { readonly region: string };
  readonly name?: string;
  readonly mode?: Mode;
  readonly collection?: string;
  readonly lookUpBy?: string;
  readonly retentionDays?: number;
  readonly location?: string;
  readonly pointInTimeRecovery?: boolean;
  readonly backupRetentionDays?: number;
  readonly encryptionKey?: string;
  readonly databaseId?: string;
  readonly notify?: readonly string[];
}

/**
 * The settings of a store, checked, with their defaults.
 * @throws SettingError
 */
export function firestoreSettings(scope: IConstruct, props: RawSettings) {
  const { retentionDays, encryptionKey, databaseId, notify = [] } = props;
  const { name = 'events', mode = 'native', collection = 'events', lookUpBy = 'source' } = props;
  const { location = props.site.region, pointInTimeRecovery = true, backupRetentionDays = 7 } = props;
  requireText(scope, { name }, NAME);
  requireOneOf(scope, { mode }, MODES, 'Datastore mode is for programs that use the API of Cloud Datastore.');
  requireText(scope, { collection }, COLLECTION);
  requireText(scope, { lookUpBy }, FIELD);
  if (retentionDays !== undefined) requireNumber(scope, { retentionDays }, KEPT, 'known');
  requireText(scope, { location }, LOCATION);
  requireOneOf(scope, { pointInTimeRecovery }, [true, false], 'Leave it out to restore any minute of 7 days.');
  requireNumber(scope, { backupRetentionDays }, BACKUPS, 'known');
  if (encryptionKey !== undefined) requireText(scope, { encryptionKey }, KMS_KEY);
  requireTexts(scope, { notify }, CHANNELS);
  if (databaseId !== undefined) {
    requireText(scope, { databaseId }, DATABASE_ID);
    const { location: place, pointInTimeRecovery: recovery, backupRetentionDays: days } = props;
    requireAbsent(scope, 'databaseId', {
      name: props.name,
      location: place,
      pointInTimeRecovery: recovery,
      backupRetentionDays: days,
      encryptionKey,
    });
  }
  const retentionSeconds = (retentionDays ?? 0) * 24 * 3600;
  return { name, mode, collection, lookUpBy, retentionSeconds, location, pointInTimeRecovery, backupRetentionDays, notify };
}
