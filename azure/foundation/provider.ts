import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { Lazy, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { mayDestroy, type Removal } from '../../shared/synth/settings';
import { resourceProvidersOf } from './resource-providers';

/** Settings for {@link AzureProvider}. */
export interface AzureProviderProps {
  /**
   * What happens to a resource group of the stack when it leaves the stack while something is in it that Terraform does not
   * know. With `retain`, deleting it is refused. `destroy` takes a second key, the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * The provider of a stack, set to what the constructs here need: accounts without keys, and only those resource providers
 * registered that are used. `ARM_SUBSCRIPTION_ID` says which subscription.
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
          // Else creating an account without keys fails: the provider asks the queue service, where the deployer has no
          // role. hashicorp/terraform-provider-azurerm#27752.
          storage: [{ dataPlaneAvailable: false }],
          // With this guard a group that is handed over to somebody else is not deleted with all that is in it. It never is
          // while an app stands in it: Azure puts rules of its own beside Application Insights that Terraform does not know.
          resourceGroup: [{ preventDeletionIfContainsResources }],
        },
      ],
      storageUseAzuread: true,
      resourceProviderRegistrations: 'none',
      resourceProvidersToRegister: Lazy.listValue({ produce: () => resourceProvidersOf(stack) }),
    });
  }
}
