import type { Construct } from 'constructs';
import type { NumberRule } from '../../../shared/synth/settings';
import { ACTION_GROUPS, requireAbsent, requireNumber, requireOneOf, requireText, requireTexts } from '../../../shared/synth/settings';
import { NAME } from '../../foundation/rules';
import { HUB_ID, NAMESPACE_ID } from './hub-namespace';
import { SCHEMA_FORMATS } from './schema-group';

const RETENTION: NumberRule = { from: 1, to: 7, unit: 'days', remedy: 'For longer replay, keep the raw events in a store.' };
const PARTITIONS: NumberRule = { from: 1, to: 32, unit: 'partitions', remedy: 'The Standard tier has no more.' };
const UNITS: NumberRule = { from: 1, to: 40, unit: 'units', remedy: 'The Standard tier has no more.' };

/** The settings of a buffer as they are given. The buffer describes them. */
interface Given {
  readonly retentionDays?: number;
  readonly partitionCount?: number;
  readonly maxThroughputUnits?: number;
  readonly namespaceId?: string;
  readonly hubId?: string;
  readonly schemaFormat?: (typeof SCHEMA_FORMATS)[number];
  readonly notify?: readonly string[];
  readonly lock?: boolean;
}

/** The settings of a hub, with their defaults. */
interface Shape {
  readonly name: string;
  readonly days: number;
  readonly partitions: number;
  readonly units: number;
}

/** @throws SettingError on a setting that Azure refuses, or that an existing hub or namespace does not take */
export function requireHub(hub: Construct, props: Given, { name, days, partitions, units }: Shape) {
  const { notify, namespaceId, hubId, retentionDays, partitionCount, maxThroughputUnits, schemaFormat, lock } = props;
  requireText(hub, { name }, NAME);
  requireNumber(hub, { retentionDays: days }, RETENTION);
  requireNumber(hub, { partitionCount: partitions }, PARTITIONS);
  requireNumber(hub, { maxThroughputUnits: units }, UNITS);
  if (schemaFormat !== undefined) requireOneOf(hub, { schemaFormat }, SCHEMA_FORMATS, 'Leave it out for no schema group.');
  requireOneOf(hub, { lock: lock ?? false }, [true, false], 'Leave it out for no lock.');
  requireTexts(hub, { notify }, ACTION_GROUPS);
  if (namespaceId !== undefined) {
    requireText(hub, { namespaceId }, NAMESPACE_ID);
    requireAbsent(hub, 'namespaceId', { maxThroughputUnits, lock });
  }
  if (hubId !== undefined) {
    requireText(hub, { hubId }, HUB_ID);
    requireAbsent(hub, 'hubId', { namespaceId, retentionDays, partitionCount, maxThroughputUnits, lock });
  }
}
