import { add, remove, replace, set, type Weakening } from './weakening';

const NAMESPACE = /^azurerm_eventhub_namespace\./;
const HUB = /^azurerm_eventhub\./;
const DATA = /^azurerm_storage_account\.Store/;
const EVENTS = /^azurerm_storage_container\.Store_Events/;
const APP = /^azurerm_function_app_flex_consumption\./;
const SENDERS = /^azurerm_role_assignment\.Connect/;
const WRITER = /^azurerm_role_assignment\.Processing_STORE/;
const READER = /^azurerm_role_assignment\.Processing_EVENTS/;
const HOST = /^azurerm_role_assignment\.Processing_HostOwner/;
const DEAD_LETTERS = /^azurerm_monitor_scheduled_query_rules_alert_v2\./;
const UNREAD = /^azurerm_monitor_metric_alert\.Buffer_Namespace_Unread/;
const CONTAINER = /\$\{azurerm_storage_container\.Store_Events_\w+\.id}/;
const IDENTITY = '<azurerm_user_assigned_identity.Processing_Identity.principal_id>';

/** Ways to make the pipeline on Azure worse. */
export const AZURE: readonly Weakening[] = [
  { name: 'senders may do anything with the hub', edit: set(SENDERS, 'role_definition_name', 'Azure Event Hubs Data Owner') },
  { name: 'senders may read', edit: set(SENDERS, 'role_definition_name', 'Azure Event Hubs Data Receiver') },
  {
    name: 'senders may send to every hub of the namespace',
    edit: replace(SENDERS, /azurerm_eventhub\.Buffer_Hub_\w+/, '<azurerm_eventhub_namespace.Buffer_Namespace>'),
  },
  { name: 'the function owns the events', edit: set(WRITER, 'role_definition_name', 'Storage Blob Data Owner') },
  { name: 'the function manages the container', edit: set(WRITER, 'role_definition_name', 'Owner') },
  {
    name: 'the function writes to the whole account',
    edit: replace(WRITER, CONTAINER, '<azurerm_storage_account.Store_Account.id>'),
  },
  {
    name: 'the function writes to the whole resource group',
    edit: replace(WRITER, CONTAINER, '<azurerm_resource_group.Site_ResourceGroup.id>'),
  },
  { name: 'the function may not write events', edit: remove(WRITER) },
  {
    name: 'the function may send events and read none',
    edit: set(READER, 'role_definition_name', 'Azure Event Hubs Data Sender'),
  },
  {
    name: 'the host owns the data too',
    edit: replace(HOST, /azurerm_storage_account\.\w+/, '<azurerm_storage_account.Store_Account>'),
  },
  {
    name: 'the function contributes to the resource group',
    edit: add('azurerm_role_assignment.Extra', {
      scope: '<azurerm_resource_group.Site_ResourceGroup.id>',
      role_definition_name: 'Contributor',
      principal_id: IDENTITY,
    }),
  },
  {
    name: 'a role of its own that nobody has read',
    edit: add('azurerm_role_assignment.Extra', {
      scope: '<azurerm_eventhub.Buffer_Hub.id>',
      role_definition_id: 'custom',
      principal_id: IDENTITY,
    }),
  },
  { name: 'the function starts before it may write', edit: replace(APP, /"azurerm_role_assignment\.Processing_STOREWriter_\w+",/, '') },
  { name: 'the function starts before the host may keep its locks', edit: set(APP, 'depends_on') },

  { name: 'the hub takes keys', edit: set(NAMESPACE, 'local_authentication_enabled', true) },
  {
    name: 'somebody has a key to the hub',
    edit: add('azurerm_eventhub_authorization_rule.Key', {
      name: 'key',
      eventhub_name: 'events',
      namespace_name: 'x',
      resource_group_name: 'x',
      listen: true,
      send: true,
    }),
  },
  { name: 'the account of the data takes keys', edit: set(DATA, 'shared_access_key_enabled', true) },
  { name: 'the account of the data has local users', edit: set(DATA, 'local_user_enabled', true) },
  { name: 'the account of the host takes keys', edit: set(/^azurerm_storage_account\.Processing/, 'shared_access_key_enabled', true) },
  { name: 'Application Insights takes keys', edit: set(/^azurerm_application_insights\./, 'local_authentication_disabled', false) },
  {
    name: 'the host is given a connection string',
    edit: set(APP, 'app_settings.AzureWebJobsStorage', '<azurerm_storage_account.Processing_Host_Account.primary_connection_string>'),
  },
  { name: 'code is published with a password', edit: set(APP, 'webdeploy_publish_basic_authentication_enabled', true) },
  { name: 'everyone may read the events', edit: set(EVENTS, 'container_access_type', 'blob') },
  { name: 'containers may be public', edit: set(DATA, 'allow_nested_items_to_be_public', true) },
  { name: 'data may be copied to another tenant', edit: set(DATA, 'cross_tenant_replication_enabled', true) },
  { name: 'data is encrypted once', edit: set(DATA, 'infrastructure_encryption_enabled', false) },
  { name: 'data travels without TLS', edit: set(DATA, 'https_traffic_only_enabled', false) },
  { name: 'data travels with an old TLS', edit: set(DATA, 'min_tls_version', 'TLS1_0') },
  { name: 'events travel with an old TLS', edit: set(NAMESPACE, 'minimum_tls_version', '1.0') },
  { name: 'the app answers without TLS', edit: set(APP, 'https_only', false) },
  { name: 'the app answers with an old TLS', edit: set(APP, 'site_config.minimum_tls_version', '1.0') },

  { name: 'what is overwritten is gone', edit: set(DATA, 'blob_properties.versioning_enabled', false) },
  { name: 'what is deleted is gone', edit: set(DATA, 'blob_properties.delete_retention_policy') },
  { name: 'old versions are kept for ever', edit: remove(/^azurerm_storage_management_policy\./) },
  { name: 'the hub goes with its stack', edit: set(HUB, 'lifecycle') },
  { name: 'the events go with their stack', edit: set(EVENTS, 'lifecycle') },
  { name: 'events are kept for longer than the tier does', edit: set(HUB, 'message_retention', 30) },

  { name: 'a batch is tried for ever', edit: set(APP, 'app_settings.EVENTS_MAX_RETRIES', '-1') },
  { name: 'nobody says how often a batch is tried', edit: set(APP, 'app_settings.EVENTS_MAX_RETRIES') },
  { name: 'two readers share one consumer group', edit: set(APP, 'app_settings.EVENTS_CONSUMER_GROUP', '$Default') },
  { name: 'the consumer group is missing', edit: remove(/^azurerm_eventhub_consumer_group\./) },
  {
    name: 'dead letters land among the events',
    edit: replace(APP, /azurerm_storage_container\.Store_DeadLetter_\w+/, '<azurerm_storage_container.Store_Events>'),
  },
  { name: 'nobody hears of a dead letter', edit: remove(DEAD_LETTERS) },
  { name: 'a thousand dead letters ring no alert', edit: set(DEAD_LETTERS, 'criteria.0.threshold', 1000) },
  { name: 'the alert on dead letters is switched off', edit: set(DEAD_LETTERS, 'enabled', false) },
  {
    name: 'the alert on dead letters looks at no container',
    edit: replace(DEAD_LETTERS, /azurerm_storage_container\.Store_DeadLetter_\w+/, '<azurerm_storage_container.Store_Events>'),
  },
  { name: 'nobody hears that nothing is read', edit: remove(UNREAD) },
  { name: 'an alert watches all hubs at once', edit: set(UNREAD, 'criteria.0.dimension') },
  { name: 'nobody hears that senders are turned away', edit: remove(/^azurerm_monitor_metric_alert\.Buffer_Namespace_Throttled/) },
  { name: 'nobody hears that the function fails', edit: remove(/^azurerm_monitor_metric_alert\.Processing/) },
  { name: 'nobody knows who read an object', edit: remove(/^azurerm_monitor_diagnostic_setting\.Store/) },
  { name: 'the hub leaves no logs', edit: remove(/^azurerm_monitor_diagnostic_setting\.Buffer/) },
];
