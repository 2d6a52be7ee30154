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
  SettingError,
  type TextRule,
} from '../../../shared/synth/settings';
import { type Change, DEFAULT_SCHEMA, requireSchema } from './row-table';

/** The editions of Spanner. */
const EDITIONS = ['STANDARD', 'ENTERPRISE', 'ENTERPRISE_PLUS'] as const;
export type Edition = (typeof EDITIONS)[number];

const NAME: TextRule = {
  pattern: /^[a-z][a-z0-9]{2,17}$/,
  must: 'be 3 to 18 lower-case letters and digits, a letter first',
  remedy: 'The id of an instance starts with the prefix of the site, and has at most 30 characters.',
};
const TABLE: TextRule = {
  pattern: /^[A-Za-z][A-Za-z0-9_]{0,99}$/,
  must: 'be 1 to 100 letters, digits and underscores, starting with a letter',
  remedy: 'The roles of the database start with it.',
};
const LOCATION: TextRule = {
  pattern: /^([a-z]+-[a-z]+[0-9]+|(nam|eur|asia|nam-eur-asia)[0-9]+|dual-region-[a-z]+[0-9]+)$/,
  must: 'be the name of a region or of a multi-region',
  remedy: 'Write it like europe-west1 or eur3.',
};
const REGION = /^[a-z]+-[a-z]+[0-9]+$/;
const INSTANCE_ID: TextRule = {
  pattern: /^[a-z][a-z0-9-]{0,62}[a-z0-9]$/,
  must: 'be the id of an instance',
  remedy: 'Find it with gcloud spanner instances list.',
};
const DATABASE_ID: TextRule = {
  pattern: /^[a-z][a-z0-9_-]{0,28}[a-z0-9]$/,
  must: 'be the id of a database',
  remedy: 'Find it with gcloud spanner databases list.',
};
const UNITS: NumberRule = { from: 100, to: 1_000_000, unit: 'processing units', remedy: '1000 processing units are one node.' };
const MOST_UNITS: NumberRule = { ...UNITS, from: 2000 };
const KEPT: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Leave it out to keep rows forever.' };
const VERSIONS: NumberRule = { from: 1, to: 7, unit: 'days', remedy: 'Spanner keeps no version for longer.' };
const BACKUPS: NumberRule = { from: 1, to: 366, unit: 'days', remedy: 'Spanner keeps no backup for longer.' };

interface RawSettings {
  readonly site: { readonly region: string };
  readonly name?: string;
  readonly location?: string;
  readonly edition?: Edition;
  readonly processingUnits?: number;
  readonly maxProcessingUnits?: number;
  readonly table?: string;
  readonly schema?: readonly Change[];
  readonly retentionDays?: number;
  readonly versionRetentionDays?: number;
  readonly backupRetentionDays?: number;
  readonly encryptionKey?: string;
  readonly instanceId?: string;
  readonly databaseId?: string;
  readonly notify?: readonly string[];
}

/**
 * The settings of a store, checked, with their defaults.
 * @throws SettingError
 */
export function spannerSettings(scope: IConstruct, props: RawSettings) {
  const { retentionDays, encryptionKey, notify = [] } = props;
  const { name = 'events', table = 'events', schema = DEFAULT_SCHEMA, versionRetentionDays = 7, backupRetentionDays = 7 } = props;
  requireText(scope, { name }, NAME);
  const capacity = capacityOf(scope, props);
  requireText(scope, { table }, TABLE);
  requireSchema(scope, schema);
  if (retentionDays !== undefined) requireNumber(scope, { retentionDays }, KEPT, 'known');
  requireNumber(scope, { versionRetentionDays }, VERSIONS, 'known');
  requireNumber(scope, { backupRetentionDays }, BACKUPS, 'known');
  if (encryptionKey !== undefined) requireText(scope, { encryptionKey }, KMS_KEY);
  requireTexts(scope, { notify }, CHANNELS);
  requireExisting(scope, props);
  const retentionSeconds = (retentionDays ?? 0) * 24 * 3600;
  return { ...capacity, name, table, schema, retentionSeconds, versionRetentionDays, backupRetentionDays, notify };
}

/** Where an instance is, and how large it is. Each edition allows something else. */
function capacityOf(scope: IConstruct, props: RawSettings) {
  const { location = props.site.region, edition = 'STANDARD', processingUnits = 100, maxProcessingUnits } = props;
  requireText(scope, { location }, LOCATION);
  requireOneOf(scope, { edition }, EDITIONS, 'STANDARD is enough in a region without autoscaling.');
  const isRegional = REGION.test(location) || location.includes('${');
  if (!isRegional && edition !== 'ENTERPRISE_PLUS') {
    const remedy = "Set edition: 'ENTERPRISE_PLUS', or take a region.";
    throw new SettingError(scope, 'a location of several regions must have the edition ENTERPRISE_PLUS', edition, remedy);
  }
  requireNumber(scope, { processingUnits }, UNITS, 'known');
  requireSteps(scope, { processingUnits });
  if (maxProcessingUnits !== undefined) {
    requireNumber(scope, { maxProcessingUnits }, MOST_UNITS, 'known');
    requireSteps(scope, { maxProcessingUnits });
    if (edition === 'STANDARD') {
      const remedy = "Set edition: 'ENTERPRISE', or leave maxProcessingUnits out.";
      throw new SettingError(scope, 'maxProcessingUnits must have an edition with autoscaling', edition, remedy);
    }
    if (processingUnits < 1000 || maxProcessingUnits <= processingUnits || maxProcessingUnits > 10 * processingUnits) {
      const rule = 'processingUnits must be 1000 or more, less than maxProcessingUnits, and at least a tenth of it';
      throw new SettingError(scope, rule, `${processingUnits} and ${maxProcessingUnits}`, 'Autoscaling needs a whole node at least.');
    }
  }
  return { location, edition, processingUnits, maxProcessingUnits, isRegional };
}

function requireSteps(scope: IConstruct, settings: Readonly<Record<string, number>>) {
  for (const [setting, units] of Object.entries(settings)) {
    if (units % (units < 1000 ? 100 : 1000) === 0) continue;
    const remedy = 'Below 1000 there are hundreds, and from there on thousands.';
    throw new SettingError(scope, `${setting} must be a multiple of 100 up to 1000, and of 1000 above`, units, remedy);
  }
}

function requireExisting(scope: IConstruct, props: RawSettings) {
  const { instanceId, databaseId, location, edition, processingUnits, maxProcessingUnits } = props;
  if (instanceId !== undefined) {
    requireText(scope, { instanceId }, INSTANCE_ID);
    requireAbsent(scope, 'instanceId', { location, edition, processingUnits, maxProcessingUnits });
  }
  if (databaseId === undefined) return;
  requireText(scope, { databaseId }, DATABASE_ID);
  if (instanceId === undefined)
    throw new SettingError(
      scope,
      'databaseId must come with instanceId',
      'databaseId alone',
      'Set instanceId to the instance of the database.',
    );
  const { name, versionRetentionDays, backupRetentionDays, encryptionKey } = props;
  requireAbsent(scope, 'databaseId', { name, versionRetentionDays, backupRetentionDays, encryptionKey });
}
