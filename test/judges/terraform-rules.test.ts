import { terraformStacks } from '../../scripts/judges/terraform/stack';
import { holdRules } from '../../scripts/judges/terraform-rules';
import { address, broken, the } from './broken';

type Break = (json: any) => void;

/** Set something in the first resource of a type, or take it away. */
const set =
  (type: string, settings: object, name = ''): Break =>
  (json) =>
    void Object.assign(the(json, type, name), settings);
const role = (type: string, given: string, name = ''): Break =>
  set(type, type === 'azurerm_role_assignment' ? { role_definition_name: given } : { role: given }, name);
const within =
  (type: string, block: string, settings: object, name = ''): Break =>
  (json) =>
    void Object.assign(the(json, type, name)[block], settings);

const APP = 'azurerm_function_app_flex_consumption';
const ACCOUNT = 'azurerm_storage_account';
const FUNCTION = 'google_cloudfunctions2_function';
const SUBSCRIPTION = 'google_pubsub_subscription';
const TOPIC = 'google_pubsub_topic';
const PUBLISHER = 'google_pubsub_topic_iam_member';
const gone = { lifecycle: undefined };

const AZURE: readonly [string, rule: string, Break][] = [
  ['an app that answers without TLS', 'https-only', set(APP, { https_only: undefined })],
  ['an app that takes old TLS', 'tls', within(APP, 'site_config', { minimum_tls_version: '1.0' })],
  ['an app that is published over old TLS', 'tls', within(APP, 'site_config', { scm_minimum_tls_version: undefined })],
  ['an account that takes old TLS', 'tls', set(ACCOUNT, { min_tls_version: 'TLS1_0' })],
  ['an account that takes calls without TLS', 'tls', set(ACCOUNT, { https_traffic_only_enabled: false })],
  ['a password to publish with', 'no-keys', set(APP, { webdeploy_publish_basic_authentication_enabled: true })],
  ['an app that reaches its package with a key', 'no-keys', set(APP, { storage_authentication_type: 'StorageAccountConnectionString' })],
  ['an app without the workaround for the broken key', 'no-keys', within(APP, 'app_settings', { AzureWebJobsStorage: undefined })],
  ['keys of the hub', 'no-keys', set('azurerm_eventhub_namespace', { local_authentication_enabled: undefined })],
  ['keys of an account', 'no-keys', set(ACCOUNT, { shared_access_key_enabled: true })],
  ['local users of an account', 'no-keys', set(ACCOUNT, { local_user_enabled: undefined })],
  ['keys of Application Insights', 'no-keys', set('azurerm_application_insights', { local_authentication_disabled: false })],
  ['a rule that makes keys', 'no-keys', (json) => (json.resource.azurerm_eventhub_namespace_authorization_rule = { Send: {} })],
  ['a container that is public', 'private', set('azurerm_storage_container', { container_access_type: 'blob' })],
  ['an account that lets containers be public', 'private', set(ACCOUNT, { allow_nested_items_to_be_public: undefined })],
  ['objects that are gone when they are deleted', 'undelete', within(ACCOUNT, 'blob_properties', { delete_retention_policy: undefined })],
  ['objects without old versions', 'undelete', within(ACCOUNT, 'blob_properties', { versioning_enabled: false }, 'Store')],
  ['data that goes with its stack', 'retained', set('azurerm_storage_container', gone, 'Store_Events')],
  ['a hub that goes with its stack', 'retained', set('azurerm_eventhub', gone)],
  ['a hub that keeps nothing', 'retention', set('azurerm_eventhub', { message_retention: 0 })],
  ['a batch that is tried for ever', 'bounded-retries', within(APP, 'app_settings', { EVENTS_MAX_RETRIES: '-1' })],
  ['a batch whose tries nobody bounds', 'bounded-retries', within(APP, 'app_settings', { EVENTS_MAX_RETRIES: undefined })],
  [
    'a reader in the consumer group of all',
    'own-consumer-group',
    (json) => {
      const app = the(json, APP);
      app.app_settings.EVENTS_CONSUMER_GROUP = '$Default';
      app.depends_on = app.depends_on.filter((one: string) => !one.includes('ConsumerGroup'));
    },
  ],
  [
    'a role on the whole group',
    'narrow-role',
    (json) => {
      the(json, 'azurerm_role_assignment', 'Processing_STORE').scope = `\${${address(json, 'azurerm_resource_group')}.id}`;
    },
  ],
  ['a role that is no data role', 'narrow-role', role('azurerm_role_assignment', 'Contributor')],
  ['the owner of data', 'narrow-role', role('azurerm_role_assignment', 'Storage Blob Data Owner', 'Processing_STORE')],
  ['an app without logs', 'logged', (json) => delete json.resource.azurerm_monitor_diagnostic_setting.Processing_Logs_C2DA94ED],
  [
    'a key among the settings',
    'no-secret',
    (json) => {
      the(json, APP).app_settings.KEY = `\${${address(json, ACCOUNT)}.primary_access_key}`;
    },
  ],
];

const GCP: readonly [string, rule: string, Break][] = [
  ['the public as a publisher', 'public-member', set(PUBLISHER, { member: 'allUsers' })],
  [
    'everybody with an account as an invoker',
    'public-member',
    set('google_cloud_run_v2_service_iam_member', { member: 'allAuthenticatedUsers' }),
  ],
  [
    'a question that takes the public for an answer',
    'public-member',
    (json) => {
      json.variable.publishers.validation = [];
    },
  ],
  ['a role on the whole project', 'narrow-role', role('google_project_iam_member', 'roles/bigquery.dataEditor')],
  [
    'a role on the whole project without its condition',
    'narrow-role',
    set('google_project_iam_member', { condition: undefined }, 'Processing_Builder_Source'),
  ],
  ['a basic role', 'narrow-role', role('google_bigquery_table_iam_member', 'roles/editor')],
  ['an administrator', 'narrow-role', role(PUBLISHER, 'roles/pubsub.admin')],
  ['a binding that takes roles from others', 'narrow-role', (json) => (json.resource.google_pubsub_topic_iam_binding = { All: {} })],
  ['a key of a service account', 'no-keys', (json) => (json.resource.google_service_account_key = { Key: {} })],
  ['a function that the internet reaches', 'closed-door', within(FUNCTION, 'service_config', { ingress_settings: 'ALLOW_ALL' })],
  ['a function that runs as the default account', 'own-identity', within(FUNCTION, 'service_config', { service_account_email: undefined })],
  ['a function that is built by the default account', 'own-identity', within(FUNCTION, 'build_config', { service_account: undefined })],
  ['as many instances as there are calls', 'bounded-instances', within(FUNCTION, 'service_config', { max_instance_count: undefined })],
  ['an instance that is paid for while it idles', 'bounded-instances', within(FUNCTION, 'service_config', { min_instance_count: 1 })],
  ['a push without a token', 'push-with-oidc', within(SUBSCRIPTION, 'push_config', { oidc_token: undefined }, 'Processing')],
  [
    'a token for somebody else',
    'push-with-oidc',
    (json) => {
      the(json, SUBSCRIPTION, 'Processing').push_config.oidc_token.audience = 'https://example.com';
    },
  ],
  ['an event that is tried for ever', 'bounded-retries', set(SUBSCRIPTION, { dead_letter_policy: undefined }, 'Processing')],
  ['tries without a pause', 'bounded-retries', set(SUBSCRIPTION, { retry_policy: undefined }, 'Processing')],
  [
    'a subscription that is more impatient than its function',
    'answer-in-time',
    set(SUBSCRIPTION, { ack_deadline_seconds: 10 }, 'Processing'),
  ],
  ['a subscription that expires', 'kept', set(SUBSCRIPTION, { expiration_policy: { ttl: '86400s' } })],
  ['a subscription that keeps events for ten minutes', 'kept', set(SUBSCRIPTION, { message_retention_duration: '600s' })],
  ['a topic that keeps nothing', 'kept', set(TOPIC, { message_retention_duration: undefined }, 'Buffer_Topic')],
  ['a dead letter that nobody keeps', 'kept', set(SUBSCRIPTION, gone, 'Buffer_DeadLetter')],
  ['events anywhere in the world', 'in-its-region', set(TOPIC, { message_storage_policy: undefined })],
  ['a topic that goes with its stack', 'retained', set(TOPIC, gone, 'Buffer_Topic')],
  ['a dataset that takes its tables with it', 'retained', set('google_bigquery_dataset', { delete_contents_on_destroy: true })],
  ['a table that can be deleted', 'retained', set('google_bigquery_table', { deletion_protection: false })],
  ['rows that go with their stack', 'retained', set('google_bigquery_table', gone, 'Store_Table')],
  ['a bucket that may be public', 'private', set('google_storage_bucket', { public_access_prevention: undefined })],
];

test.each(terraformStacks().map((stack) => [stack.name, stack.json] as const))(
  'finds nothing in %s, and looks at much',
  async (_, json) => {
    const { held, findings } = await holdRules(json);
    expect(findings).toEqual([]);
    expect(held).toBeGreaterThan(40);
  },
);

test.each(AZURE)('finds %s on Azure', (_, rule, breakIt) => expectFinding('azure', rule, breakIt));

test.each(GCP)('finds %s on GCP', (_, rule, breakIt) => expectFinding('gcp', rule, breakIt));

async function expectFinding(cloud: 'azure' | 'gcp', rule: string, breakIt: Break) {
  // A template has no undefined.
  const { json } = broken(cloud, breakIt);
  const { findings } = await holdRules(JSON.parse(JSON.stringify(json)));
  expect(findings.map((finding) => finding.rule)).toContain(rule);
}
