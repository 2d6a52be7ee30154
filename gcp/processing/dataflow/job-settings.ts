import type { IConstruct } from 'constructs';
import { CHANNELS, KMS_KEY, requireNumber, requireText, requireTexts, SettingError, type TextRule } from '../../../shared/synth/settings';
import { requireSubnetwork } from '../../foundation/network';
import { ACCOUNT_NAME } from '../../foundation/service-account';
import type { Subnetwork } from '../../ports/network';
import type { Site } from '../../ports/site';
import type { SchemaStore } from '../../ports/stores';
import { KEYWORDS } from './event-to-row';
import { requireFilled } from './rows';

const MACHINE: TextRule = {
  pattern: /^[a-z][a-z0-9]{1,5}-(standard|highmem|highcpu)-\d{1,3}$/,
  must: 'be a machine type',
  remedy: 'Write it like n1-standard-2.',
};
const VERSION: TextRule = {
  pattern: /^(latest|20\d\d-\d\d-\d\d-\d\d_RC\d\d)$/,
  must: 'be latest or a release of the templates',
  remedy: 'Write it like 2026-08-18-00_RC00: see the folders of gs://dataflow-templates-REGION.',
};

/** What every job is told. */
interface Raw {
  readonly site: Site;
  readonly network: Subnetwork;
  readonly name?: string;
  readonly maxWorkers?: number;
  readonly machineType?: string;
  readonly templateVersion?: string;
  readonly encryptionKey?: string;
  readonly notify?: readonly string[];
}

/** What a job is told that writes rows. */
interface RawOfRows extends Raw {
  readonly store: SchemaStore;
  readonly eventSchema: Readonly<Record<string, unknown>>;
}

/**
 * The settings of a job, checked, with their defaults.
 * @param otherwise the name of a job that is told none
 * @throws SettingError
 */
export function jobSettings(scope: IConstruct, otherwise: string, props: Raw) {
  const { site, network, encryptionKey, notify = [], name = otherwise } = props;
  const { maxWorkers = 3, machineType = 'n1-standard-2', templateVersion = 'latest' } = props;
  requireText(scope, { name }, ACCOUNT_NAME);
  requireSubnetwork(scope, network, site.region);
  requireNumber(scope, { maxWorkers }, { from: 1, to: 1000, unit: 'workers', remedy: 'Dataflow allows no more.' });
  requireText(scope, { machineType }, MACHINE);
  requireText(scope, { templateVersion }, VERSION);
  if (encryptionKey !== undefined) requireText(scope, { encryptionKey }, KMS_KEY);
  requireTexts(scope, { notify }, CHANNELS);
  return { name, network, maxWorkers, machineType, templateVersion, encryptionKey, notify };
}

/**
 * The settings of a job that writes rows, checked, with their defaults.
 * @throws SettingError
 */
export function rowSettings(scope: IConstruct, otherwise: string, props: RawOfRows) {
  const settings = jobSettings(scope, otherwise, props);
  requireSchema(scope, props.eventSchema);
  requireFilled(scope, props.store);
  return { ...settings, eventSchema: props.eventSchema };
}

/** Refuse a schema with a rule that the function of the job would not check. */
function requireSchema(scope: IConstruct, schema: unknown) {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) {
    throw new SettingError(scope, 'eventSchema must be the JSON schema of an event', typeof schema, 'Give it event.schema.json.');
  }
  const { properties, not, additionalProperties, ...rules } = schema as Readonly<Record<string, object>>;
  const inner = [...Object.values(properties ?? {}), not, additionalProperties].filter((one) => typeof one === 'object');
  const unknown = [rules, ...inner].flatMap((one) => Object.keys(one)).find((keyword) => !KEYWORDS.includes(keyword));
  if (unknown === undefined) return;
  throw new SettingError(
    scope,
    'eventSchema must have only rules that the job checks',
    `"${unknown}"`,
    `These are ${KEYWORDS.join(', ')}.`,
  );
}
