import type { TerraformStack } from 'cdktf';
import { Principal } from '../../../azure/foundation/principal';
import { AzureProvider } from '../../../azure/foundation/provider';
import { AzureSite } from '../../../azure/foundation/site';
import type { Refusals } from '../../support/refusals';

export const refusals = (terraform: TerraformStack): Refusals => {
  return {
    constructs: {
      AzureProvider: { settings: { removal: 'choice' }, make: (id, props) => new AzureProvider(terraform, id, props) },
      AzureSite: {
        settings: {
          prefix: 'text',
          location: 'text',
          resourceGroupName: 'text',
          workspaceId: 'text',
          logRetentionDays: 'number',
          logQuotaGb: 'number',
        },
        make: (id, props) => new AzureSite(terraform, id, { prefix: 'acme', location: 'westeurope', ...props }),
      },
      Principal: {
        settings: { principalId: 'text', principalType: 'choice' },
        make: (id, props) => new Principal(terraform, id, { principalId: '00000000-0000-0000-0000-00000000000a', ...props }),
      },
    },
  };
};
