import type { IConstruct } from 'constructs';
import { requireEachOnce } from '../../../shared/synth/handler-needs';
import { type NumberRule, requireText, SettingError, STORE_NAME, type TextRule } from '../../../shared/synth/settings';
import type { DirectStore } from '../../ports/delivery';
import type { RecordSource } from '../../ports/records';
import type { ObjectStore } from '../../ports/stores';

/** The type of a workspace, as in its id. */
export const WORKSPACE = 'Microsoft.MachineLearningServices/workspaces';
/** The type of a registry, as in its id. */
export const REGISTRY = 'Microsoft.ContainerRegistry/registries';

export const REGISTRY_ID: TextRule = {
  pattern: /^[/]subscriptions[/][^/]+[/]resourceGroups[/][^/]+[/]providers[/]Microsoft[.]ContainerRegistry[/]registries[/][^/]+$/i,
  must: 'be the id of a registry',
  remedy: 'Find it with az acr show --query id. Without one, Azure creates one with an admin user, whose password is in the key vault.',
};
export const VM_SIZE: TextRule = {
  pattern: /^Standard_[A-Za-z0-9_]{2,40}$/,
  must: 'be the size of a virtual machine',
  remedy: 'Write it like Standard_DS3_v2. See az ml compute list-sizes.',
};
export const NODES: NumberRule = { from: 1, to: 100, unit: 'nodes', remedy: 'The quota of the subscription may be lower.' };
export const IDLE: NumberRule = { from: 2, to: 120, unit: 'minutes', remedy: 'A node costs the same when it is idle.' };

const WORKS =
  'Give a BlobStore or a zone of a DataLakeStore. For a hub, let a processor write to one of them; rows of a table are not files.';

/** Stores of files, by the names that jobs use for them. */
export type Files = Readonly<Record<string, ObjectStore>>;

/**
 * Refuse stores that jobs cannot read or write as files, and names that stand for two of them.
 * @throws SettingError
 */
export function requireFiles(scope: IConstruct, settings: Readonly<Record<'inputs' | 'outputs', Files>>) {
  const taken = new Set<string>();
  for (const [setting, stores] of Object.entries(settings)) {
    if (typeof stores !== 'object' || stores === null || Array.isArray(stores))
      throw new SettingError(scope, `${setting} must be stores by name`, 'something else', 'Write them like { SOURCE: lake.zone("raw") }.');
    for (const [name, store] of Object.entries(stores)) {
      requireText(scope, { [`each of ${setting}`]: name }, STORE_NAME);
      const { bindReader, bindDelivery, deliverTo } = (store ?? {}) as Partial<ObjectStore & DirectStore & RecordSource>;
      // A hub has `bindDelivery` too, and hands out records. A store of rows has none.
      if (typeof bindReader !== 'function' || typeof bindDelivery !== 'function' || deliverTo !== undefined)
        throw new SettingError(scope, `${setting} must be stores of objects`, `another ${name}`, WORKS);
      if (taken.has(name.toLowerCase()))
        throw new SettingError(
          scope,
          'inputs and outputs must have different names',
          name,
          'A datastore is named after each, in lower case.',
        );
      taken.add(name.toLowerCase());
    }
    requireEachOnce(scope, setting, stores);
  }
}
