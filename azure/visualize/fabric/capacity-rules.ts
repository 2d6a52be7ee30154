import type { IConstruct } from 'constructs';
import { requireEachOnce } from '../../../shared/synth/handler-needs';
import { requireText, SettingError, STORE_NAME, type TextRule } from '../../../shared/synth/settings';
import type { DirectStore } from '../../ports/delivery';
import type { Workload } from '../../ports/identity';
import type { RecordSource } from '../../ports/records';
import type { ObjectStore } from '../../ports/stores';

/** The type of a capacity, as in its id. */
export const CAPACITY = 'Microsoft.Fabric/capacities';

/** The sizes, by their number of capacity units. */
export const SIZES = ['F2', 'F4', 'F8', 'F16', 'F32', 'F64', 'F128', 'F256', 'F512', 'F1024', 'F2048'] as const;

/** Somebody who may administrate a capacity. */
export const ADMINISTRATOR: TextRule = {
  pattern: /^([^@ ]+@[^@ ]+[.][^@ ]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/,
  must: 'be the user principal name of a user, or the object id of a service principal',
  remedy: 'Find it with az ad signed-in-user show or az ad sp show. Fabric accepts no groups.',
};
export const CAPACITY_ID: TextRule = {
  pattern: /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Fabric\/capacities\/[^/]+$/i,
  must: 'be the id of a Fabric capacity',
  remedy: 'Find it with az resource list --resource-type Microsoft.Fabric/capacities.',
};
const WORKS =
  'Give a BlobStore or a zone of a DataLakeStore. For a hub let a StreamAnalyticsProcessor write to one of them, and for rows a ' +
  'FunctionProcessor: Fabric reads Cosmos DB with other rights than those of a reader, and Power BI models that take a stream can no ' +
  'longer be created.';

/**
 * Refuse stores that Fabric cannot open a shortcut to, and stores without anybody who reads them.
 * @throws SettingError
 */
export function requireStores(scope: IConstruct, stores: Readonly<Record<string, ObjectStore>>, readers?: Workload) {
  const isMap = typeof stores === 'object' && stores !== null && !Array.isArray(stores);
  if (!isMap)
    throw new SettingError(scope, 'stores must be stores by name', 'something else', 'Write them like { SERVED: lake.zone("served") }.');
  for (const [name, store] of Object.entries(stores)) {
    requireText(scope, { 'each of stores': name }, STORE_NAME);
    const { bindReader, bindDelivery, deliverTo } = (store ?? {}) as Partial<ObjectStore & DirectStore & RecordSource>;
    // A hub has `bindDelivery` too, and hands out records. A store of rows has none.
    if (typeof bindReader === 'function' && typeof bindDelivery === 'function' && deliverTo === undefined) continue;
    throw new SettingError(scope, 'stores must be stores of objects', `another ${name}`, WORKS);
  }
  requireEachOnce(scope, 'stores', stores);
  if (Object.keys(stores).length > 0 && readers === undefined) {
    throw new SettingError(
      scope,
      'readers is required for stores',
      'nobody',
      'Give a Principal: the group, or the identity of a workspace.',
    );
  }
  if (readers !== undefined && Object.keys(stores).length === 0) {
    throw new SettingError(scope, 'stores must have what the readers read', 'none', 'Write them like { SERVED: lake.zone("served") }.');
  }
}
