import type { ServiceFacts } from '../../../shared/read/facts/types';

export const facts: ServiceFacts = {
  name: 'GitHub Actions',
  local: { not: 'nothing in it moves an event' },
  types: {
    google_iam_workload_identity_pool: {
      name: 'pool of identities',
      role: 'helps',
      apis: ['iam'],
      replacedBy: ['workload_identity_pool_id', 'project'],
      named: ['workload_identity_pool_id', /^(?!gcp-)[a-z0-9-]{4,32}$/],
      computed: { name: 'projects/123456789012/locations/global/workloadIdentityPools/acme-github' },
      local: 'no effect here',
    },
    google_iam_workload_identity_pool_provider: {
      name: 'trust in GitHub',
      role: 'grants',
      apis: ['iam', 'sts', 'iamcredentials'],
      replacedBy: ['workload_identity_pool_id', 'workload_identity_pool_provider_id', 'project'],
      named: ['workload_identity_pool_provider_id', /^(?!gcp-)[a-z0-9-]{4,32}$/],
      local: 'no effect here',
    },
  },
};
