import { promised } from '../../../shared/read/facts/promise';
import type { Needed, ServiceFacts } from '../../../shared/read/facts/types';
import { replace, set } from '../../../shared/read/facts/weaken';
import { type Asked, is, only, type Stack } from '../../../shared/read/stack';
import { armId } from '../../foundation/promises';

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers';
/** With a start of their own, since a contributor may write anything else, and no pattern says so. */
const ASSIGNMENTS = ['write', 'delete'].map((verb) => `access:Microsoft.Authorization/roleAssignments/${verb}`);
/** Roles are given and taken away from a list of ids alone, and no owner, contributor or administrator of access is in it. */
const BOUNDED =
  /^\(\(!\(ActionMatches\{'[\w./]+\/write'\}\)\) OR \(@Request\[[\w./:]+:RoleDefinitionId\] ForAnyOfAnyValues:GuidEquals \{(?!.*(8e3af657|b24988ac|18d7d88d|f58310d9))[0-9a-f, -]+\}\)\) AND \(\(!\(ActionMatches\{'[\w./]+\/delete'\}\)\) OR \(@Resource\[[\w./:]+:RoleDefinitionId\] ForAnyOfAnyValues:GuidEquals \{[0-9a-f, -]+\}\)\)$/;

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
      promises: [
        promised(
          'trusts-one',
          'let in one environment of one repository, by tokens of GitHub that are meant for Azure',
          (trust) =>
            /^repo:[^*]+:environment:[^*]+$/.test(String(only(trust, 'subject'))) &&
            is(trust, 'issuer', 'https://token.actions.githubusercontent.com') &&
            is(trust, 'audience', 'api://AzureADTokenExchange'),
          {
            'every pull request of the repository is let in': replace(/:environment:[^"]*"/, ':pull_request"'),
            'somebody else says who a job is': set('issuer', 'https://example.com'),
            'a token that is meant for somebody else is taken': set('audience.0', 'https://github.com/acme'),
          },
        ),
      ],
      needs: (trust, stack) => trust.refers('parent_id').flatMap((identity) => needsOf(identity, stack)),
      local: 'no effect here',
    },
  },
  // https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
  roles: {
    Reader: { permissions: ['Microsoft.*/read'] },
    'Role Based Access Control Administrator': {
      permissions: ['Microsoft.*/read', ...ASSIGNMENTS, 'Microsoft.Support/*'],
      surplus: 'The condition bounds which roles it gives. Azure has no narrower role that gives some.',
    },
  },
};

/** What each of the two identities is for. */
function needsOf(identity: Asked, stack: Stack): Needed[] {
  const isPlanner = identity.name.endsWith('planner');
  const grants = stack.of('azurerm_role_assignment').filter((grant) => grant.refers('principal_id').some(({ id }) => id === identity.id));
  const scopes = stack.of('azurerm_role_assignment').map((grant) => String(only(grant, 'scope')));
  const subscription = String(scopes.find((scope) => /^\/subscriptions\/[^/]+$/.test(scope)));
  const state = String(scopes.find((scope) => scope !== subscription));
  const need = (may: string, on: string, because: string): Needed => ({ who: identity.id, may, on, because });
  if (isPlanner) {
    return [
      need('Microsoft.*/read', subscription, 'a plan looks up which resource providers are registered'),
      need(`data:${BLOBS}/blobs/read`, state, 'a plan reads the state'),
    ];
  }
  const bound = grants.map((grant) => String(only(grant, 'condition'))).find((condition) => BOUNDED.test(condition));
  return [
    ...['read', 'write', 'delete', 'action'].map((verb) =>
      need(`Microsoft.*/${verb}`, subscription, 'it makes what the constructs here make'),
    ),
    ...ASSIGNMENTS.map((may) => ({ ...need(may, subscription, 'it gives roles from a list'), only: bound ?? 'only roles of a list' })),
    ...['read', 'write', 'delete'].map((verb) => need(`data:${BLOBS}/blobs/${verb}`, state, 'an apply writes the state, and locks it')),
  ];
}
