import { DataAzurermClientConfig } from '@cdktf/provider-azurerm/lib/data-azurerm-client-config';
import { Fn, Op, TerraformSelf } from 'cdktf';
import type { Construct } from 'constructs';
import { segment } from './arm-id';

/**
 * Let the plan fail if an id is of another subscription than the one that is deployed to. The provider reads the names from such an
 * id, and looks for them in its own subscription.
 * @param settings the settings that the id may come from: `namespaceId and hubId`
 */
export function requireOwnSubscription(scope: Construct, path: string, settings: string, id: string) {
  const condition = Op.eq(Fn.lower(TerraformSelf.getString('subscription_id')), Fn.lower(segment(id, 2)));
  const errorMessage = `${path}: ${settings} must be in the subscription that is deployed to (ARM_SUBSCRIPTION_ID), got another one. Deploy this stack to that subscription.`;
  new DataAzurermClientConfig(scope, 'Deployer', { lifecycle: { postcondition: [{ condition, errorMessage }] } });
}
