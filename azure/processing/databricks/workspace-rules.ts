import type { Construct } from 'constructs';
import { requireText, SettingError, STORE_NAME, type TextRule } from '../../../shared/synth/settings';
import type { RecordSource } from '../../ports/records';
import type { LakeStore } from '../../ports/stores';

export const WORKSPACE = 'Microsoft.Databricks/workspaces';
export const WORKSPACE_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Databricks\/workspaces\/[^/]+$/i,
  must: 'be the id of a Databricks workspace',
  remedy: 'Find it with az databricks workspace show --query id.',
};

/** Why findings of scanners are accepted. */
export const REASONS: Readonly<Record<string, string>> = {
  CKV_AZURE_158: 'The address is public, and people need a Microsoft Entra sign-in. For a private one, create the workspace in a network.',
  CKV2_AZURE_48:
    'Azure encrypts the root storage twice, with keys of Microsoft. Files of yours are in the lake. For a key of your own, add it.',
};

/** What jobs read, by name. */
export type Inputs = Readonly<Record<string, LakeStore | RecordSource>>;
/** What jobs write, by name. */
export type Outputs = Readonly<Record<string, LakeStore>>;

export function isLake(one: unknown): one is LakeStore {
  return typeof (one as LakeStore | undefined)?.bindCatalog === 'function';
}

function isHub(one: unknown): boolean {
  const { format, bindReader } = (one ?? {}) as Partial<RecordSource>;
  return format === 'event-hubs' && typeof bindReader === 'function';
}

/**
 * Refuse what the identity of an access connector cannot reach, and what it would be given twice.
 * @throws SettingError
 */
export function requireData(scope: Construct, inputs: Inputs, outputs: Outputs) {
  const zone = 'a zone of a DataLakeStore';
  requireMap(scope, { inputs }, (one) => isLake(one) || isHub(one), `${zone}, or an EventHubBuffer`);
  requireMap(scope, { outputs }, isLake, zone);
  const given = new Map<unknown, string>();
  for (const [name, one] of [...Object.entries(inputs), ...Object.entries(outputs)]) {
    const before = given.get(one) ?? (name in inputs && name in outputs ? name : undefined);
    if (before === undefined) given.set(one, name);
    else throw new SettingError(scope, 'inputs and outputs must have each name and each zone once', name, 'An output is read too.');
  }
}

function requireMap(scope: Construct, map: Readonly<Record<string, unknown>>, fits: (one: unknown) => boolean, wanted: string) {
  for (const [setting, data] of Object.entries(map)) {
    if (typeof data !== 'object' || data === null || Array.isArray(data))
      throw new SettingError(scope, `${setting} must be data by name`, typeof data, 'Write them like { RAW: lake.zone("raw") }.');
    for (const [name, one] of Object.entries(data)) {
      requireText(scope, { [setting]: name }, STORE_NAME);
      if (!fits(one))
        throw new SettingError(scope, `${setting}.${name} must be ${wanted}`, 'something else', 'Copy files into a zone first.');
    }
  }
}
