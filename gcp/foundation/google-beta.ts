import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { TerraformProvider, TerraformStack } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';
import { SettingError } from '../../shared/synth/settings';

const NAME = 'google-beta';

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
      terraformResourceType: NAME,
      terraformProviderSource: `hashicorp/${NAME}`,
      terraformGeneratorMetadata: { providerName: NAME, providerVersionConstraint: '6.50.0' },
    });
  }

  /** Without an alias, Terraform would refuse a stack that has its own `google-beta`. */
  override get alias(): string {
    return 'service_agents';
  }
}

/** The default labels of the provider `google` without an alias, for what this provider does not create. */
export function defaultLabels(scope: Construct): Record<string, string> | undefined {
  const provider = TerraformStack.of(scope)
    .node.findAll()
    .filter((one) => one instanceof GoogleProvider)
    .find(({ alias }) => alias === undefined);
  return provider?.defaultLabels as Record<string, string> | undefined;
}

/**
 * Refuse what is not this provider.
 * @throws SettingError
 */
export function requireGoogleBeta(scope: IConstruct, googleBeta: TerraformProvider | undefined) {
  if (googleBeta === undefined) return;
  const got = TerraformProvider.isTerraformProvider(googleBeta) ? googleBeta.terraformResourceType : typeof googleBeta;
  if (got === NAME) return;
  throw new SettingError(scope, `googleBeta must be the provider ${NAME}`, got, `Create one with the CDKTF bindings of ${NAME}.`);
}
