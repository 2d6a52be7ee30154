import { DataAzurermClientConfig } from '@cdktf/provider-azurerm/lib/data-azurerm-client-config';
import { FederatedIdentityCredential } from '@cdktf/provider-azurerm/lib/federated-identity-credential';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { requireText, type TextRule } from '../../../shared/synth/settings';
import { needResourceProviders } from '../../foundation/resource-providers';
import type { Site } from '../../ports/site';

const ISSUER = 'https://token.actions.githubusercontent.com';
const AUDIENCE = 'api://AzureADTokenExchange';

/** The roles that a template here gives, by their ids, which are the same in every tenant. A deploy can give no other. */
export const GIVES: Readonly<Record<string, string>> = {
  AcrPush: '8311e382-0749-4cb8-b61a-304f252e45ec',
  'Azure Event Hubs Data Receiver': 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde',
  'Azure Event Hubs Data Sender': '2b629674-e913-4c01-ae53-ef4638d8f975',
  'Azure Service Bus Data Receiver': '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0',
  'Azure Service Bus Data Sender': '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39',
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb',
  'Storage Blob Data Contributor': 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  'Storage Blob Data Reader': '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1',
  'Storage Blob Delegator': 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a',
  'Storage Queue Data Message Processor': '8a0f0c08-91a1-4084-bc3d-661d67233fed',
  'Storage Queue Data Message Sender': 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a',
  'Storage Queue Data Reader': '19e7f393-937e-4f77-808e-94535e297925',
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
};

/** Why a role on the container of the state may hold more than is needed. */
const STATE = 'Azure has no narrower role for the blobs of a container. It stands on the one container that holds the state.';

export const REPOSITORY: TextRule = {
  pattern: /^[A-Za-z0-9-]{1,39}(@[0-9]{1,15})?[/][A-Za-z0-9_.-]{1,100}(@[0-9]{1,15})?$/,
  must: 'be the owner and the name of a repository',
  remedy: 'Write it like acme/data-platform.',
};
export const ENVIRONMENT: TextRule = {
  pattern: /^[A-Za-z0-9_.-]{1,200}$/,
  must: 'be the name of an environment of the repository: letters, digits, dots, hyphens and underscores',
  remedy: 'See Settings, Environments, in the repository.',
};
export const CONTAINER: TextRule = {
  pattern: /^([/][^/]+){4}[/]providers[/]Microsoft[.]Storage[/]storageAccounts[/][^/]+[/]blobServices[/]default[/]containers[/][^/]+$/,
  must: 'be the id of a container in a storage account',
  remedy: 'It is the id of the account, then /blobServices/default/containers/ and the name of the container.',
};

/** Settings for {@link GithubDeployer}. */
export interface GithubDeployerProps {
  readonly site: Site;
  /**
   * The repository on github.com, as its tokens name it. Nobody else is let in. It is `acme/data-platform`, or for a repository that was created,
   * renamed or transferred since July 2026, `acme@1234/data-platform@5678` with the numbers of the owner and the repository.
   * @see https://docs.github.com/actions/reference/security/oidc
   */
  readonly repository: string;
  /** The id of the existing container that holds the state of Terraform. */
  readonly stateContainerId: string;
  /**
   * The environment of the repository whose jobs deploy. Jobs of the environment of that name with `-plan` behind it plan. Who may
   * approve jobs, and from which branches they come, is set there.
   * @default prod
   */
  readonly environment?: string;
}

/**
 * Two identities for jobs of GitHub Actions, without a secret: GitHub signs who a job is, and each identity trusts that for one environment
 * of one repository, letter by letter. One deploys what the constructs here make. The other plans: it reads the state, and what stands in
 * the subscription without its data.
 *
 * Whoever deploys is Contributor of the subscription, and gives roles from a list alone, never that of an owner.
 * @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust-user-assigned-managed-identity
 */
export class GithubDeployer extends Construct {
  readonly deployer: UserAssignedIdentity;
  readonly planner: UserAssignedIdentity;

  constructor(scope: Construct, id: string, props: GithubDeployerProps) {
    super(scope, id);
    const { site, repository, stateContainerId, environment = 'prod' } = props;
    requireText(this, { repository }, REPOSITORY);
    requireText(this, { stateContainerId }, CONTAINER);
    requireText(this, { environment }, ENVIRONMENT);
    needResourceProviders(this, 'Microsoft.ManagedIdentity', 'Microsoft.Authorization');

    const subject = `repo:${repository}:environment:${environment}`;
    this.deployer = this.identity('Deployer', site, `${site.prefix}-deploy`, subject);
    this.planner = this.identity('Planner', site, `${site.prefix}-plan`, `${subject}-plan`);
    const subscription = `/subscriptions/${new DataAzurermClientConfig(this, 'Subscription').subscriptionId}`;
    grant(this.deployer, 'Contributor', subscription);
    grant(this.deployer, 'Role Based Access Control Administrator', subscription, mayGive(Object.values(GIVES)));
    const writes = grant(this.deployer, 'Storage Blob Data Contributor', stateContainerId);
    grant(this.planner, 'Reader', subscription);
    const reads = grant(this.planner, 'Storage Blob Data Reader', stateContainerId);
    for (const state of [writes, reads]) acknowledge(state, { 'least-privilege': STATE });
  }

  /** An identity that the jobs of one environment act as. */
  private identity(id: string, { resourceGroupName, location }: Site, name: string, subject: string): UserAssignedIdentity {
    const identity = new UserAssignedIdentity(this, id, { name, resourceGroupName, location });
    new FederatedIdentityCredential(identity, 'Github', {
      name: 'github',
      resourceGroupName,
      parentId: identity.id,
      issuer: ISSUER,
      audience: [AUDIENCE],
      subject,
    });
    return identity;
  }
}

function grant(identity: UserAssignedIdentity, roleDefinitionName: string, scope: string, condition?: string): RoleAssignment {
  return new RoleAssignment(identity, roleDefinitionName.replaceAll(' ', ''), {
    scope,
    roleDefinitionName,
    principalId: identity.principalId,
    principalType: 'ServicePrincipal',
    ...(condition === undefined ? {} : { condition, conditionVersion: '2.0' }),
  });
}

/**
 * Roles are given and taken away from a list alone.
 * @see https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
 */
function mayGive(roles: readonly string[]): string {
  const attribute = 'Microsoft.Authorization/roleAssignments';
  const only = (action: string, source: string) =>
    `((!(ActionMatches{'${attribute}/${action}'})) OR (@${source}[${attribute}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${roles.join(', ')}}))`;
  return `${only('write', 'Request')} AND ${only('delete', 'Resource')}`;
}
