import type { IConstruct } from 'constructs';
import {
  CHANNELS,
  KMS_KEY,
  type NumberRule,
  requireAbsent,
  requireNumber,
  requireText,
  requireTexts,
  SettingError,
  type TextRule,
} from '../../../shared/synth/settings';

const NAME: TextRule = {
  pattern: /^[a-z0-9]{3,16}$/,
  must: 'be 3 to 16 lower-case letters and digits',
  remedy: 'The id of an instance starts with the prefix of the site, and ids of clusters have at most 30 characters.',
};
const TABLE_ID: TextRule = {
  pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,49}$/,
  must: 'be 1 to 50 letters, digits, underscores, periods and hyphens',
  remedy: 'Start with a letter, a digit or an underscore.',
};
const FAMILY: TextRule = {
  pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/,
  must: 'be 1 to 64 letters, digits, underscores, periods and hyphens',
  remedy: 'Keep it short, because Bigtable sends it with each cell.',
};
const ZONE: TextRule = {
  pattern: /^[a-z]+-[a-z]+[0-9]+-[a-z]$/,
  must: 'be the name of a zone',
  remedy: 'Write it like europe-west1-b.',
};
const INSTANCE_ID: TextRule = {
  pattern: /^[a-z][a-z0-9-]{4,31}[a-z0-9]$/,
  must: 'be the id of an instance',
  remedy: 'Find it with gcloud bigtable instances list.',
};
const MIN_NODES: NumberRule = { from: 1, to: 100, unit: 'nodes', remedy: 'Each node is billed around the clock.' };
const CPU_TARGET: NumberRule = { from: 10, to: 80, unit: 'percent', remedy: 'Bigtable scales to no other load.' };
const KEPT: NumberRule = { from: 1, to: 36_500, unit: 'days', remedy: 'Leave it out to keep rows forever.' };
const BACKUPS: NumberRule = { from: 3, to: 90, unit: 'days', remedy: 'Bigtable keeps automated backups for no other time.' };

interface RawSettings {
  readonly site: { readonly region: string };
  readonly name?: string;
  readonly tableId?: string;
  readonly family?: string;
  readonly zone?: string;
  readonly secondZone?: string;
  readonly minNodes?: number;
  readonly maxNodes?: number;
  readonly cpuTargetPercent?: number;
  readonly retentionDays?: number;
  readonly backupRetentionDays?: number;
  readonly encryptionKey?: string;
  readonly instanceId?: string;
  readonly notify?: readonly string[];
}

/**
 * The settings of a store, checked, with their defaults.
 * @throws SettingError
 */
export function bigtableSettings(scope: IConstruct, props: RawSettings) {
  const { secondZone, retentionDays, encryptionKey, instanceId, notify = [] } = props;
  const { name = 'events', tableId = 'events', family = 'event', zone = `${props.site.region}-b` } = props;
  const { minNodes = 1, maxNodes = 3, cpuTargetPercent = 60, backupRetentionDays = 7 } = props;
  requireText(scope, { name }, NAME);
  requireText(scope, { tableId }, TABLE_ID);
  requireText(scope, { family }, FAMILY);
  requireText(scope, { zone }, ZONE);
  if (secondZone !== undefined) requireText(scope, { secondZone }, ZONE);
  requireNumber(scope, { minNodes }, MIN_NODES, 'known');
  const remedy = 'Bigtable takes from minNodes to ten times as many.';
  requireNumber(scope, { maxNodes }, { from: minNodes, to: 10 * minNodes, unit: 'nodes', remedy }, 'known');
  requireNumber(scope, { cpuTargetPercent }, CPU_TARGET);
  if (retentionDays !== undefined) requireNumber(scope, { retentionDays }, KEPT, 'known');
  requireNumber(scope, { backupRetentionDays }, BACKUPS, 'known');
  if (encryptionKey !== undefined) requireText(scope, { encryptionKey }, KMS_KEY);
  requireTexts(scope, { notify }, CHANNELS);
  if (instanceId !== undefined) {
    requireText(scope, { instanceId }, INSTANCE_ID);
    const { zone: place, minNodes: least, maxNodes: most, cpuTargetPercent: target } = props;
    requireAbsent(scope, 'instanceId', {
      ...{ name: props.name, zone: place, secondZone, minNodes: least, maxNodes: most, cpuTargetPercent: target, encryptionKey },
    });
  }
  requireZones(scope, zone, secondZone, encryptionKey);
  const zones = secondZone === undefined ? [zone] : [zone, secondZone];
  return { name, tableId, family, zones, minNodes, maxNodes, cpuTargetPercent, retentionDays, backupRetentionDays, notify };
}

/** Refuse zones that Bigtable would refuse. A zone or a key that is known only at deploy is not compared. */
function requireZones(scope: IConstruct, zone: string, secondZone: string | undefined, encryptionKey = '') {
  if (secondZone === zone) {
    const remedy = 'A zone takes one cluster of an instance.';
    throw new SettingError(scope, 'secondZone must be another zone than zone', JSON.stringify(secondZone), remedy);
  }
  const [, region] = /^projects\/[^/]+\/locations\/([a-z]+-[a-z]+[0-9]+)\//.exec(encryptionKey) ?? [];
  for (const [setting, value = ''] of Object.entries({ zone, secondZone })) {
    if (region === undefined || !ZONE.pattern.test(value) || value.startsWith(`${region}-`)) continue;
    const remedy = 'Choose a zone of that region, or leave encryptionKey out.';
    throw new SettingError(scope, `${setting} must be in ${region}, the region of encryptionKey`, JSON.stringify(value), remedy);
  }
}
