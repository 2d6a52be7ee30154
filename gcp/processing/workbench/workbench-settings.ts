import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import { requireEachOnce } from '../../../shared/synth/handler-needs';
import { KMS_KEY, requireNumber, requireText, SettingError, STORE_NAME, type TextRule } from '../../../shared/synth/settings';
import { requireNetwork } from '../../foundation/network';
import { ACCOUNT_NAME } from '../../foundation/service-account';
import type { Network } from '../../ports/network';
import type { ObjectStore, TableStore } from '../../ports/stores';

/** Stores, by the names that a notebook has for them. */
export type Inputs = Readonly<Record<string, Pick<ObjectStore | TableStore, 'bindReader'>>>;

/** The email of a person. */
export const OWNER: TextRule = {
  pattern: /^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][a-z]+$/,
  must: 'be the email of one person',
  remedy: 'Write it like ada@example.com. Workbench accepts neither a group nor two people.',
};
const MACHINE: TextRule = {
  pattern: /^[a-z][a-z0-9]{1,5}-(standard|highmem|highcpu)-\d{1,3}$/,
  must: 'be a machine type',
  remedy: 'Write it like e2-standard-4.',
};
const ZONE: TextRule = {
  pattern: /^[a-z]+-[a-z]+[0-9]+-[a-z]$/,
  must: 'be the name of a zone',
  remedy: 'Write it like europe-west1-b.',
};

interface Raw {
  readonly site: { readonly region: string };
  readonly owner: string;
  readonly network: Network;
  readonly inputs?: Inputs;
  readonly name?: string;
  readonly machineType?: string;
  readonly dataDiskGb?: number;
  readonly idleShutdownMinutes?: number;
  readonly zone?: string;
  readonly encryptionKey?: string;
}

/**
 * The settings of an instance, checked, with their defaults.
 * @throws SettingError
 */
export function workbenchSettings(scope: IConstruct, props: Raw) {
  const { site, owner, network, inputs = {}, encryptionKey } = props;
  const { name = 'workbench', machineType = 'e2-standard-4', dataDiskGb = 100, idleShutdownMinutes = 60 } = props;
  const { zone = `${site.region}-b` } = props;
  requireText(scope, { owner }, OWNER);
  requireNetwork(scope, network, site.region);
  requireInputs(scope, inputs);
  requireText(scope, { name }, ACCOUNT_NAME);
  requireText(scope, { machineType }, MACHINE);
  requireNumber(scope, { dataDiskGb }, { from: 10, to: 64_000, unit: 'GB', remedy: 'Workbench allows no other size.' });
  const idle = { from: 10, to: 1440, unit: 'minutes', remedy: 'Workbench allows no other time.' };
  requireNumber(scope, { idleShutdownMinutes }, idle, 'known');
  requireText(scope, { zone }, ZONE);
  if (![zone, site.region].some((one) => Token.isUnresolved(one)) && !zone.startsWith(`${site.region}-`))
    throw new SettingError(scope, `zone must be in ${site.region}`, `"${zone}"`, `Write it like ${site.region}-b.`);
  if (encryptionKey !== undefined) requireText(scope, { encryptionKey }, KMS_KEY);
  return { owner, network, inputs, name, machineType, dataDiskGb, idleShutdownMinutes, zone, encryptionKey };
}

/** Refuse stores without a name. */
function requireInputs(scope: IConstruct, inputs: unknown) {
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs))
    throw new SettingError(scope, 'inputs must be stores by name', typeof inputs, 'Write them like { EVENTS: store }.');
  for (const [name, store] of Object.entries(inputs)) {
    requireText(scope, { 'each of inputs': name }, STORE_NAME);
    if (typeof (store as Partial<TableStore> | null)?.bindReader === 'function') continue;
    throw new SettingError(scope, 'inputs must be stores', `another ${name}`, 'Give a BigQueryStore or a CloudStorageStore.');
  }
  requireEachOnce(scope, 'inputs', inputs as Inputs);
}
