import { HOURS } from '../../../shared/read/facts/cost';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Seen, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, replace, set } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { type Asked, is, names, only, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { references, type TfStack } from '../../../shared/read/tf';
import { alertsOf, armId, atTheFirst, LOG_ALERT, ON_RECORD, RETAINED, referring } from '../../foundation/promises';

const WORKSPACE = 'azurerm_databricks_workspace';
const CONNECTOR = 'azurerm_databricks_access_connector';
const ROLE = 'azurerm_role_assignment';
const WRITER = 'Storage Blob Data Contributor';
const IDENTITY = 'identity.identity_ids';
const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const SIGN = 'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action';

export const facts: ServiceFacts = {
  name: 'Databricks',
  local: { not: 'Databricks is not emulated: the local run has no workspace' },
  unproven: [
    'That Unity Catalog needs no more than the roles on its zones, and Storage Blob Delegator on their account.',
    'That Databricks logs a failed run of a job with the action runFailed in the table DatabricksJobs.',
    'That the block for the provider databricks/databricks applies: it is checked as HCL, and against the outputs of the stack.',
  ],
  types: {
    [WORKSPACE]: {
      name: 'workspace',
      role: 'holds data',
      replacedBy: [
        'name',
        'resource_group_name',
        'location',
        'sku?',
        'managed_resource_group_name',
        'infrastructure_encryption_enabled',
        'load_balancer_backend_address_pool_id',
        'custom_parameters.machine_learning_workspace_id',
        'custom_parameters.nat_gateway_name',
        'custom_parameters.public_ip_name',
        'custom_parameters.public_subnet_name',
        'custom_parameters.private_subnet_name',
        'custom_parameters.virtual_network_id',
        'custom_parameters.storage_account_name',
        'custom_parameters.vnet_address_prefix',
        'enhanced_security_compliance.compliance_security_profile_enabled?',
        'enhanced_security_compliance.compliance_security_profile_standards?',
      ],
      decides: { sku: (_, after) => (after === 'trial' ? 'may be replaced' : 'in place') },
      named: ['name', /^[\w-]{3,64}$/],
      tells: (workspace) => [`Databricks ${only(workspace, 'sku')}`, said.kept(workspace)],
      promises: [
        setTo({
          rule: 'encrypted',
          must: 'be encrypted twice, which can be set only at creation',
          at: 'infrastructure_encryption_enabled',
          to: [true],
          weak: false,
          worse: 'its root storage is encrypted once',
        }),
        setTo({
          rule: 'private',
          must: 'have clusters without public addresses',
          at: 'custom_parameters.no_public_ip',
          to: [true],
          weak: false,
          worse: 'each machine of a cluster has a public address',
        }),
        setTo({
          rule: 'private',
          must: 'be in the tier that has permissions for its jobs and clusters',
          at: 'sku',
          to: ['premium'],
          weak: 'standard',
          worse: 'everyone in it may do everything',
        }),
        promised('rings', 'have an alert that fires when a job fails', hasJobsAlert, {
          'there is no alert on failed jobs': remove(referring(LOG_ALERT)),
          'the alert on failed jobs has a threshold of a thousand': set('criteria.0.threshold', 1000, referring(LOG_ALERT)),
          'the alert on failed jobs is disabled': set('enabled', false, referring(LOG_ALERT)),
          'the alert on failed jobs counts other logs': replace('runFailed', 'runSucceeded', referring(LOG_ALERT)),
        }),
        RETAINED,
        ON_RECORD,
      ],
      answered: { undelete: 'A deleted workspace cannot be restored. Files are in the lake, and notebooks in Git.' },
      costs: () => [
        {
          what: 'NAT gateway that Azure creates for the workspace, by the hour; clusters are not counted',
          price: 'azureNatGateway',
          units: HOURS,
          lower: 'A virtual network of your own, with another way out.',
        },
      ],
      effective: /^Microsoft\.(\*|Databricks)/i,
      computed: {
        id: armId('Microsoft.Databricks/workspaces/acme'),
        workspace_url: 'adb-1.1.azuredatabricks.net',
        workspace_id: '1',
      },
      local: {},
    },
    [CONNECTOR]: {
      name: 'access connector',
      role: 'helps',
      replacedBy: ['name', 'resource_group_name', 'location'],
      named: ['name', /^[\w-]{3,64}$/],
      flow: stepsOf,
      actsAs: [IDENTITY],
      needs: catalogNeeds,
      promises: [
        setTo({
          rule: 'own-identity',
          must: 'have a user-assigned identity, which has its roles before it',
          at: 'identity.type',
          to: ['UserAssigned'],
          weak: 'SystemAssigned',
          worse: 'its identity has no roles when it is created',
        }),
      ],
      weakenings: { 'it is created before its role assignments': set('depends_on') },
      computed: { id: armId('Microsoft.Databricks/accessConnectors/acme') },
      local: {},
    },
  },
  roles: {
    'Storage Blob Delegator': { permissions: [SIGN] },
  },
  forbidden: {
    azurerm_data_factory_linked_service_azure_databricks:
      'Data Factory signs in as a Contributor of the workspace, which makes it an administrator in it. Let jobs run on a schedule, or when files arrive.',
  },
};

function hasJobsAlert(workspace: Asked, stack: Stack): boolean {
  return alertsOf(LOG_ALERT, stack).some(
    (alert) =>
      atTheFirst(alert) &&
      names(alert, 'criteria.query', workspace) &&
      String(only(alert, 'criteria.query')).includes('ActionName == "runFailed"'),
  );
}

/** The role assignments of the identity of a connector. */
function rolesOf(connector: Asked, stack: Stack): readonly Asked[] {
  return stack.of(ROLE).filter((role) => connector.refers(IDENTITY).some((identity) => names(role, 'principal_id', identity)));
}

/** A lake has several zones in one stage, so each is called by its own name. */
function stepsOf(connector: Asked, seen: Seen): Step[] {
  const workspace = seen.of(WORKSPACE).find(({ stage }) => stage === connector.stage);
  const { stage, id } = connector;
  return rolesOf(connector, seen).flatMap((role) => {
    const may = String(only(role, 'role_definition_name'));
    return role.refers('scope').flatMap((on): Step[] => {
      if (/Reader|Receiver/.test(may))
        return [{ from: on.name, how: 'read by jobs', to: stage, notes: seen.tell(workspace), between: [on.id, id] }];
      return may === WRITER ? [{ from: stage, how: 'written by jobs', to: on.name, notes: seen.tell(on), between: [id, on.id] }] : [];
    });
  });
}

/**
 * What is in the workspace is no part of the stack. Its jobs read each path in the outputs, and write those that they may write.
 * https://learn.microsoft.com/azure/databricks/data-governance/unity-catalog/azure-managed-identities
 */
function catalogNeeds(connector: Asked, stack: Stack): Needed[] {
  const [who] = connector.refers(IDENTITY);
  const { output } = (stack as TfStack).json;
  const paths = Object.values(output ?? {}).flatMap(({ value }) => (String(value).startsWith('abfss://') ? references(value) : []));
  const may = (on: Asked, permission: string, because: string): Needed[] =>
    who ? [{ who: who.id, may: permission, on: on.id, because }] : [];
  const writes = rolesOf(connector, stack).filter((role) => is(role, 'role_definition_name', WRITER));
  const zones = stack.of('azurerm_storage_container').filter(({ id }) => paths.includes(id));
  return [
    ...zones.flatMap((zone) => [
      ...may(zone, `data:${BLOBS}/read`, 'jobs read the zone'),
      ...(writes.some((role) => names(role, 'scope', zone)) ? may(zone, `data:${BLOBS}/write`, 'jobs write the zone') : []),
    ]),
    ...[...new Set(zones.flatMap((zone) => zone.refers('storage_account_id')))].flatMap((account) =>
      may(account, SIGN, 'Unity Catalog signs addresses for clusters'),
    ),
    ...rolesOf(connector, stack)
      .filter((role) => is(role, 'role_definition_name', 'Azure Event Hubs Data Receiver'))
      .flatMap((role) => role.refers('scope'))
      .flatMap((hub) => may(hub, 'data:Microsoft.EventHub/*/receive/action', 'jobs read the hub')),
  ];
}
