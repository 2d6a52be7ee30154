import type { TerraformResource } from '../../template/terraform';

export const SUBSCRIPTION = '00000000-0000-0000-0000-000000000001';

/**
 * The id of a resource, in the format of Azure.
 * @param provider such as `Microsoft.Storage/storageAccounts`
 * @see https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
 */
export function idOf({ properties }: TerraformResource, provider: string): string {
  return `/subscriptions/${SUBSCRIPTION}/resourceGroups/${properties.resource_group_name}/providers/${provider}/${properties.name}`;
}
