import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { Lazy, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { mayDestroy, type Removal } from '../../shared/synth/settings';
import { resourceProvidersOf } from './resource-providers';

/** Settings for {@link AzureProvider}. */
export interface AzureProviderProps {
  /**
   * What happens when a resource group is removed from the stack and still contains resources that Terraform does not manage.
   * With `retain`, the apply fails. `destroy` deletes the group, and also requires the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * The provider of a stack, with the settings that the constructs here need: storage accounts without keys, and registration of
 * only the resource providers that are used. `ARM_SUBSCRIPTION_ID` sets the subscription.
 * @see https://registry.terraform.io/providers/hashicorp/azurerm/4.55.0/docs
 */
export class AzureProvider extends Construct {
  /** The provider, for anything this construct does not cover. */
  readonly resource: AzurermProvider;

  constructor(scope: Construct, id: string, { removal }: AzureProviderProps = {}) {
    super(scope, id);
    const preventDeletionIfContainsResources = !mayDestroy(this, removal);
    const stack = TerraformStack.of(this);
    this.resource = new AzurermProvider(this, 'Resource', {
      features: [
        {
          // Without this, creating an account without keys fails: the provider calls the queue service, where the deployer has
          // no role. hashicorp/terraform-provider-azurerm#27752.
          storage: [{ dataPlaneAvailable: false }],
          // This protects resources of others in the group. With it, Terraform never deletes a group that contains an app:
          // Azure adds rules of its own beside Application Insights, which Terraform does not manage.
          resourceGroup: [{ preventDeletionIfContainsResources }],
        },
      ],
      storageUseAzuread: true,
      resourceProviderRegistrations: 'none',
      resourceProvidersToRegister: Lazy.listValue({ produce: () => resourceProvidersOf(stack) }),
    });
  }
}
