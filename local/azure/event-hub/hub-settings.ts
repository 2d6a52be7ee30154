import { RefusedError } from '../../platform';
import { Resource, theOnly } from '../../template/resource';
import type { Terraform } from '../../template/terraform';

/** The settings of the hub in the template. */
export interface HubSettings {
  readonly host: string;
  readonly name: string;
  readonly partitionCount: number;
  readonly consumerGroups: readonly string[];
}

/** @throws RefusedError unless there is one hub in one namespace, and all consumer groups belong to it */
export async function readHub(terraform: Terraform): Promise<HubSettings> {
  const [namespaces, hubs, groups] = await Promise.all(
    ['azurerm_eventhub_namespace', 'azurerm_eventhub', 'azurerm_eventhub_consumer_group'].map((type) => Resource.all(terraform, type)),
  );
  const namespace = theOnly(namespaces!, 'azurerm_eventhub_namespace');
  const hub = theOnly(hubs!, 'azurerm_eventhub');
  if (hub.text('namespace_id') !== (await terraform.evaluate(`\${${namespace.path}.id}`, namespace.path)))
    throw new RefusedError(`${hub.path}.namespace_id`, 'it is not the namespace of this template');
  for (const group of groups!)
    if (group.text('eventhub_name') !== hub.text('name') || group.text('namespace_name') !== namespace.text('name'))
      throw new RefusedError(group.path, 'it is not a consumer group of the hub of this template');
  return {
    host: `${namespace.text('name')}.servicebus.windows.net`,
    name: hub.text('name'),
    partitionCount: hub.number('partition_count'),
    consumerGroups: groups!.map((group) => group.text('name')),
  };
}
