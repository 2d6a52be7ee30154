import type { Model } from './model';
import { type Asked, amount, is, type Rule } from './rule';
import type { Body } from './stack';

const APP = 'azurerm_function_app_flex_consumption';
const ACCOUNT = 'azurerm_storage_account';
const NAMESPACE = 'azurerm_eventhub_namespace';

/** What opens something to whoever has it. The connection string of Application Insights opens nothing, since its keys are off. */
const SECRET = /access_key$|connection_string$|_sas$|shared_key$|password$/;

/** Scopes that are wider than one thing. */
const WIDE = ['azurerm_resource_group', 'data.azurerm_client_config', 'data.azurerm_subscription'];

/** Roles over data, and over nothing else. */
const NARROW = [
  'Azure Event Hubs Data Receiver',
  'Azure Event Hubs Data Sender',
  'Monitoring Metrics Publisher',
  'Storage Blob Data Contributor',
  'Storage Blob Data Reader',
];

/** What checkov does not hold on Azure: it does not know Flex Consumption, nor how one signs in to Event Hubs. */
export const AZURE: readonly Rule[] = [
  {
    id: 'https-only',
    types: [APP],
    must: 'answer over HTTPS alone',
    holds: (app) => is(app, 'https_only', true),
  },
  {
    id: 'tls',
    types: [APP],
    must: 'refuse TLS below 1.2, also where code is published',
    holds: (app) => ['minimum', 'scm_minimum'].every((which) => is(app, `site_config.${which}_tls_version`, '1.2', '1.3')),
  },
  {
    id: 'tls',
    types: [ACCOUNT],
    must: 'take calls over TLS 1.2 alone',
    holds: (account) => is(account, 'min_tls_version', 'TLS1_2') && is(account, 'https_traffic_only_enabled', true),
  },
  {
    id: 'no-keys',
    types: [APP],
    must: 'publish with Entra, and reach its storage with its identity',
    holds: (app) =>
      is(app, 'webdeploy_publish_basic_authentication_enabled', false) &&
      is(app, 'storage_authentication_type', 'UserAssignedIdentity') &&
      app.get('storage_access_key').length === 0 &&
      (app.body.app_settings as Body | undefined)?.AzureWebJobsStorage === '',
  },
  {
    id: 'no-keys',
    types: [NAMESPACE],
    must: 'let nobody in with a key',
    holds: (namespace) => is(namespace, 'local_authentication_enabled', false),
  },
  {
    id: 'no-keys',
    types: [ACCOUNT],
    must: 'let nobody in with a key or a local user',
    holds: (account) => is(account, 'shared_access_key_enabled', false) && is(account, 'local_user_enabled', false),
  },
  {
    id: 'no-keys',
    types: ['azurerm_application_insights'],
    must: 'let nobody in with a key',
    holds: (insights) => is(insights, 'local_authentication_disabled', true),
  },
  {
    id: 'no-keys',
    types: ['authorization_rule', 'account_sas', 'account_blob_container_sas'],
    must: 'not be there: it makes a key',
    holds: () => false,
  },
  {
    id: 'private',
    types: ['azurerm_storage_container'],
    must: 'be private',
    holds: (container) => is(container, 'container_access_type', 'private'),
  },
  {
    id: 'private',
    types: [ACCOUNT],
    must: 'take no container that is open to the public, and copy nothing to another tenant',
    holds: (account) => is(account, 'allow_nested_items_to_be_public', false) && is(account, 'cross_tenant_replication_enabled', false),
  },
  {
    id: 'undelete',
    types: [ACCOUNT],
    must: 'keep what was deleted for a week at least, and old versions where it holds data',
    holds: (account, model) =>
      ['delete', 'container_delete'].every((what) => amount(account, `blob_properties.${what}_retention_policy.days`) >= 7) &&
      (isHost(account, model) || is(account, 'blob_properties.versioning_enabled', true)),
  },
  {
    id: 'retained',
    types: [NAMESPACE, 'azurerm_eventhub', ACCOUNT, 'azurerm_storage_container'],
    must: 'not be destroyed with its stack, since it holds data',
    holds: (holder, model) => isHost(holder, model) || is(holder, 'lifecycle.prevent_destroy', true),
  },
  {
    id: 'retention',
    types: ['azurerm_eventhub'],
    must: 'keep events for a day at least, and for no longer than the Standard tier does',
    holds: (hub) => amount(hub, 'message_retention') >= 1 && amount(hub, 'message_retention') <= 7,
  },
  {
    id: 'bounded-retries',
    types: [APP],
    must: 'give up on a batch in the end: without a bound it blocks its partition',
    holds: ({ body }) => {
      const bounds = Object.entries((body.app_settings ?? {}) as Body).filter(([name]) => name.endsWith('_MAX_RETRIES'));
      return bounds.length > 0 && bounds.every(([, value]) => Number(value) >= 1 && Number(value) <= 20);
    },
  },
  {
    id: 'own-consumer-group',
    types: [APP],
    must: 'read in a consumer group of its own',
    holds: ({ address }, { blocks, before }) =>
      [...before(address)].some((earlier) => blocks.get(earlier)?.type === 'azurerm_eventhub_consumer_group'),
  },
  {
    id: 'narrow-role',
    types: ['azurerm_role_assignment'],
    must: 'stand on the thing itself, for a role over data alone; Owner of data only on the storage of a host',
    holds: (grant, model) => {
      const [scope, ...others] = model.refers(grant.address, 'scope');
      if (!scope || others.length > 0 || WIDE.includes(scope.type)) return false;
      return (
        is(grant, 'role_definition_name', ...NARROW) ||
        (is(grant, 'role_definition_name', 'Storage Blob Data Owner') && isHost(scope, model))
      );
    },
  },
  {
    id: 'logged',
    types: [NAMESPACE, APP, ACCOUNT],
    must: 'have all of its logs in the workspace, where it holds data or moves it',
    holds: (resource, model) =>
      isHost(resource, model) ||
      [...model.blocks.values()].some(
        ({ address, type }) =>
          type === 'azurerm_monitor_diagnostic_setting' &&
          model.refers(address, 'target_resource_id').some((to) => to.address === resource.address),
      ),
  },
  {
    id: 'no-secret',
    types: [APP, 'terraform_data', 'azurerm_monitor_diagnostic_setting'],
    must: 'be given no key, no password and no connection string',
    holds: ({ address }, { referrers }) =>
      (referrers.find((one) => one.address === address)?.uses ?? []).every(
        ({ steps }) => !SECRET.test(steps.at(-1) ?? '') || steps[0] === 'azurerm_application_insights',
      ),
  },
];

/** Whether it is the storage that the host of an app keeps its own things in: no data, and no harm when it goes. */
function isHost({ address }: Pick<Asked, 'address'>, { blocks, refers }: Model): boolean {
  const apps = [...blocks.values()].filter(({ type }) => type === APP);
  const used = apps.flatMap((app) => refers(app.address, 'storage_container_endpoint'));
  return used.some((one) => one.address === address);
}
