import type { ServiceFacts } from '../../../shared/read/facts/types';

export const facts: ServiceFacts = {
  name: 'GitHub Actions',
  local: { not: 'nothing in it moves an event' },
  types: {
    'AWS::IAM::OIDCProvider': { name: 'provider of identities', role: 'helps', local: 'no effect here' },
  },
};
