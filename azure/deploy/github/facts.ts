import type { ServiceFacts } from '../../../shared/read/facts/types';
import { armId } from '../../foundation/promises';

export const facts: ServiceFacts = {
  name: 'GitHub Actions',
  local: { not: 'nothing in it moves an event' },
  types: {
    azurerm_federated_identity_credential: {
      name: 'trust in GitHub',
      role: 'grants',
      replacedBy: ['name', 'resource_group_name', 'parent_id'],
      named: ['name', /^[a-zA-Z0-9][\w-]{2,119}$/],
      computed: { id: armId('Microsoft.ManagedIdentity/userAssignedIdentities/acme/federatedIdentityCredentials/github') },
      local: 'no effect here',
    },
  },
};
