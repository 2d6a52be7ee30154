import { ResourceGroupTemplateDeployment } from '@cdktf/provider-azurerm/lib/resource-group-template-deployment';
import type { TerraformResourceLifecycle } from 'cdktf';
import type { Construct } from 'constructs';

/** A table, and the account that it is in. */
export interface TableDeploymentProps {
  readonly accountName: string;
  readonly resourceGroupName: string;
  /** The name of the table. Letters and digits only. */
  readonly table: string;
  /**
   * What protects the table from deletion: without its deployment, the table is deleted.
   * @default - nothing
   */
  readonly lifecycle?: TerraformResourceLifecycle;
}

/**
 * A table, deployed by a template of Azure Resource Manager: `azurerm_storage_table` reads the access policies of the table with a
 * key of the account, at each create and at each plan, and the account accepts none. From azurerm 4.77 on it does not
 * (hashicorp/terraform-provider-azurerm, `storage_account_id`); a test fails when this project takes that version.
 *
 * The deployment has the name of the table, so that a grant on it names the table. Its deletion deletes the table.
 */
export function deployTable(scope: Construct, { accountName, table, ...place }: TableDeploymentProps): ResourceGroupTemplateDeployment {
  const type = 'Microsoft.Storage/storageAccounts/tableServices/tables';
  return new ResourceGroupTemplateDeployment(scope, 'Table', {
    name: table,
    // The other mode deletes everything else in the resource group.
    deploymentMode: 'Incremental',
    templateContent: JSON.stringify({
      $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
      contentVersion: '1.0.0.0',
      resources: [{ type, apiVersion: '2023-05-01', name: `${accountName}/default/${table}`, properties: {} }],
    }),
    ...place,
  });
}
