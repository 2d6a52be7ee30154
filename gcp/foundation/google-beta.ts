import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { TerraformProvider, TerraformStack } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';
import { SettingError } from '../../shared/synth/settings';

/**
 * The provider `google-beta`, for resource types that the provider `google` does not have. They are declared by hand, because the package
 * of CDKTF bindings for that provider has 200 MB.
 */
export class GoogleBeta extends TerraformProvider {
  /** The provider of this stack, created on first use. */
  static of(scope: Construct): GoogleBeta {
    const stack = TerraformStack.of(scope);
    const existing = stack.node.findAll().find((one) => one instanceof GoogleBeta);
    return existing ?? new GoogleBeta(stack, 'ServiceAgentsProvider');
  }

  private constructor(scope: Construct, id: string) {
    super(scope, id, {
      terraformResourceType: 'google-beta',
      terraformProviderSource: 'hashicorp/google-beta',
      terraformGeneratorMetadata: { providerName: 'google-beta', providerVersionConstraint: '6.50.0' },
    });
  }

  /** Without an alias, Terraform would refuse a stack that has its own `google-beta`. */
  override get alias(): string {
    return 'service_agents';
  }
}

/** The default labels of the provider `google`, for what this provider does not create. */
export function defaultLabels(scope: Construct): Record<string, string> | undefined {
  const provider = TerraformStack.of(scope)
    .node.findAll()
    .find((one) => one instanceof GoogleProvider);
  return provider?.defaultLabels as Record<string, string> | undefined;
}

/**
 * Refuse what is no provider.
 * @throws SettingError
 */
export function requireGoogleBeta(scope: IConstruct, googleBeta: TerraformProvider | undefined) {
  if (googleBeta === undefined || TerraformProvider.isTerraformProvider(googleBeta)) return;
  throw new SettingError(scope, 'googleBeta must be a provider', typeof googleBeta, 'Create one with the CDKTF bindings of google-beta.');
}
