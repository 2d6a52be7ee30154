import { terraformPrivileges } from '../../scripts/judges/privileges/findings';
import { holdPromises } from '../../scripts/judges/promises';
import { rules } from '../../scripts/judges/rules';
import { findReferences } from '../../scripts/judges/terraform-references';
import type { Facts } from '../../shared/read/facts/find';
import { promised, setTo } from '../../shared/read/facts/promise';
import type { TypeFacts } from '../../shared/read/facts/types';
import { factsFor } from '../../shared/read/terraform';
import { TfStack } from '../../shared/read/tf';
import { address, broken, the } from './broken';

// The compiler reads the handlers and their packages once, in the first test.
jest.setTimeout(120_000);

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

const AZURE: readonly [string, Break][] = [
  ['an app that answers without TLS', set(APP, { https_only: undefined })],
  ['an app that takes old TLS', within(APP, 'site_config', { minimum_tls_version: '1.0' })],
  ['an app that is published over old TLS', within(APP, 'site_config', { scm_minimum_tls_version: undefined })],
  ['an account that takes old TLS', set(ACCOUNT, { min_tls_version: 'TLS1_0' })],
  ['an account that takes calls without TLS', set(ACCOUNT, { https_traffic_only_enabled: false })],
  ['a password to publish with', set(APP, { webdeploy_publish_basic_authentication_enabled: true })],
  ['an app that reaches its package with a key', set(APP, { storage_authentication_type: 'StorageAccountConnectionString' })],
  ['an app whose host is given an empty connection string', within(APP, 'app_settings', { AzureWebJobsStorage: '' })],
  ['an app whose host keeps the connection string that the provider writes', (json) => delete json.resource.terraform_data],
  ['keys of the hub', set('azurerm_eventhub_namespace', { local_authentication_enabled: undefined })],
  ['keys of an account', set(ACCOUNT, { shared_access_key_enabled: true })],
  ['local users of an account', set(ACCOUNT, { local_user_enabled: undefined })],
  ['keys of Application Insights', set('azurerm_application_insights', { local_authentication_disabled: false })],
  ['a rule that makes keys', (json) => (json.resource.azurerm_eventhub_namespace_authorization_rule = { Send: {} })],
  ['a container that is public', set('azurerm_storage_container', { container_access_type: 'blob' })],
  ['an account that lets containers be public', set(ACCOUNT, { allow_nested_items_to_be_public: undefined })],
  ['objects that are gone when they are deleted', within(ACCOUNT, 'blob_properties', { delete_retention_policy: undefined })],
  ['objects without old versions', within(ACCOUNT, 'blob_properties', { versioning_enabled: false }, 'data')],
  ['data that goes with its stack', set('azurerm_storage_container', gone, 'data_events')],
  ['a hub that goes with its stack', set('azurerm_eventhub', gone)],
  ['a hub that keeps nothing', set('azurerm_eventhub', { message_retention: 0 })],
  ['a batch that is tried for ever', within(APP, 'app_settings', { EVENTS_MAX_RETRIES: '-1' })],
  ['a batch whose tries nobody bounds', within(APP, 'app_settings', { EVENTS_MAX_RETRIES: undefined })],
  [
    'a reader in the consumer group of all',
    (json) => {
      const app = the(json, APP);
      app.app_settings.EVENTS_CONSUMER_GROUP = '$Default';
      app.depends_on = app.depends_on.filter((one: string) => !one.includes('ConsumerGroup'));
    },
  ],
  [
    'a role on the whole group',
    (json) => {
      the(json, 'azurerm_role_assignment', 'Processing_STORE').scope = `\${${address(json, 'azurerm_resource_group')}.id}`;
    },
  ],
  ['a role that is no data role', role('azurerm_role_assignment', 'Contributor')],
  ['the owner of data', role('azurerm_role_assignment', 'Storage Blob Data Owner', 'Processing_STORE')],
  [
    'an app without logs',
    (json) =>
      delete json.resource.azurerm_monitor_diagnostic_setting[
        address(json, 'azurerm_monitor_diagnostic_setting', 'Processing').split('.')[1]!
      ],
  ],
  [
    'a key among the settings',
    (json) => {
      the(json, APP).app_settings.KEY = `\${${address(json, ACCOUNT)}.primary_access_key}`;
    },
  ],
];

const GCP: readonly [string, Break][] = [
  ['the public as a publisher', set(PUBLISHER, { member: 'allUsers' })],
  ['everybody with an account as an invoker', set('google_cloud_run_v2_service_iam_member', { member: 'allAuthenticatedUsers' })],
  [
    'a question that takes the public for an answer',
    (json) => {
      json.variable.publishers.validation = [];
    },
  ],
  ['a role on the whole project', role('google_project_iam_member', 'roles/bigquery.dataEditor')],
  [
    'a role on the whole project without its condition',
    set('google_project_iam_member', { condition: undefined }, 'Processing_Builder_Source'),
  ],
  ['a basic role', role('google_bigquery_table_iam_member', 'roles/editor')],
  ['an administrator', role(PUBLISHER, 'roles/pubsub.admin')],
  ['a binding that takes roles from others', (json) => (json.resource.google_pubsub_topic_iam_binding = { All: {} })],
  ['a key of a service account', (json) => (json.resource.google_service_account_key = { Key: {} })],
  ['a function that the internet reaches', within(FUNCTION, 'service_config', { ingress_settings: 'ALLOW_ALL' })],
  ['a function that runs as the default account', within(FUNCTION, 'service_config', { service_account_email: undefined })],
  ['a function that is built by the default account', within(FUNCTION, 'build_config', { service_account: undefined })],
  ['as many instances as there are calls', within(FUNCTION, 'service_config', { max_instance_count: undefined })],
  ['an instance that is paid for while it idles', within(FUNCTION, 'service_config', { min_instance_count: 1 })],
  ['a push without a token', within(SUBSCRIPTION, 'push_config', { oidc_token: undefined }, 'events_to')],
  [
    'a token for somebody else',
    (json) => {
      the(json, SUBSCRIPTION, 'events_to').push_config.oidc_token.audience = 'https://example.com';
    },
  ],
  ['an event that is tried for ever', set(SUBSCRIPTION, { dead_letter_policy: undefined }, 'events_to')],
  ['tries without a pause', set(SUBSCRIPTION, { retry_policy: undefined }, 'events_to')],
  ['a subscription that is more impatient than its function', set(SUBSCRIPTION, { ack_deadline_seconds: 10 }, 'events_to')],
  ['a subscription that expires', set(SUBSCRIPTION, { expiration_policy: { ttl: '86400s' } })],
  ['a subscription that keeps events for ten minutes', set(SUBSCRIPTION, { message_retention_duration: '600s' })],
  ['a topic that keeps nothing', set(TOPIC, { message_retention_duration: undefined }, 'events')],
  ['a dead letter that nobody keeps', set(SUBSCRIPTION, gone, 'events_dead')],
  ['events anywhere in the world', set(TOPIC, { message_storage_policy: undefined })],
  ['a topic that goes with its stack', set(TOPIC, gone, 'events')],
  ['a dataset that takes its tables with it', set('google_bigquery_dataset', { delete_contents_on_destroy: true })],
  ['a table that can be deleted', set('google_bigquery_table', { deletion_protection: false })],
  ['rows that go with their stack', set('google_bigquery_table', gone, 'events_events')],
  ['a bucket that may be public', set('google_storage_bucket', { public_access_prevention: undefined })],
];

test('finds nothing in what ships, and looks at much', async () => {
  const verdicts = await rules.run();
  expect(verdicts.flatMap(({ findings }) => findings)).toEqual([]);
  for (const { subject, looked } of verdicts) {
    // What deploys a platform holds no data and moves none, so it promises little.
    expect(Number.parseInt(looked, 10)).toBeGreaterThan(subject.includes('-github') ? 0 : 20);
  }
});

test.each(AZURE)('somebody objects to %s on Azure', (_, breakIt) => expectObjection('azure', breakIt));

test.each(GCP)('somebody objects to %s on GCP', (_, breakIt) => expectObjection('gcp', breakIt));

async function expectObjection(cloud: 'azure' | 'gcp', breakIt: Break) {
  const stack = broken(cloud, breakIt);
  // A template has no undefined.
  const json = JSON.parse(JSON.stringify(stack.json));
  const seen = new TfStack(json);
  const facts = factsFor(json);
  // The references take longer, so they are read only where nobody else objects.
  const found = [...holdPromises(seen, facts).findings, ...terraformPrivileges(seen, facts).flatMap(({ findings }) => findings)].filter(
    ({ reason }) => reason === undefined,
  );
  expect(found.length > 0 ? found : await findReferences({ ...stack, json })).not.toEqual([]);
}

describe('what facts leave out is found', () => {
  const stack = new TfStack({ resource: { azurerm_tank: { Tank: { '//': { metadata: { path: 'stack/Store/Tank' } } } } } });
  const full: TypeFacts = {
    name: 'tank',
    role: 'holds data',
    answered: { encrypted: 'x', private: 'x', retained: 'x', undelete: 'x', rings: 'x' },
    local: 'no effect here',
  };
  const found = (tank: TypeFacts | undefined, forbidden: Readonly<Record<string, string>> = {}) => {
    const known = tank && { ...tank, folder: 'azure/store/tank' };
    const facts: Facts = {
      services: new Map([['azure/store/tank', { name: 'Tank', local: 'runs', types: {}, forbidden }]]),
      type: () => known,
      typeOf: ({ type }) => type,
      of: () => known!,
      role: () => 'holds data',
    };
    return holdPromises(stack, facts).findings.map(({ rule, where, what }) => `${rule}: ${where}: ${what}`);
  };

  test('all that is asked for is answered', () => expect(found(full)).toEqual([]));

  test('a type that nobody knows', () =>
    expect(found(undefined)).toEqual([
      'facts: azurerm_tank.Tank: nothing is known of azurerm_tank: write it into facts.ts of the service that makes it, azure/<stage>/<service>/facts.ts, or into azure/foundation/facts.ts.',
    ]));

  test('a type that nobody should make', () =>
    expect(found(full, { azurerm_tank: 'It leaks.' })).toEqual(['forbidden: Store tank: It must not be there: It leaks.']));

  test('what a role asks for, and nobody promises or answers', () =>
    expect(found({ ...full, answered: { private: 'x', undelete: 'x', rings: 'x', retained: 'x' } })).toEqual([
      'facts: Store tank: azure/store/tank/facts.ts must say of azurerm_tank, which holds data, how it is encrypted, or why not.',
    ]));

  test('an answer to what is promised too', () =>
    expect(found({ ...full, promises: [promised('private', 'be private', () => true, {})] })).toEqual([
      'facts: Store tank: azure/store/tank/facts.ts answers private of azurerm_tank, and promises it too.',
    ]));

  test('a promise that is broken', () =>
    expect(found({ ...full, promises: [setTo({ rule: 'tight', must: 'be tight', at: 'tight', to: [true], worse: 'it leaks' })] })).toEqual([
      'tight: Store tank: It must be tight.',
    ]));

  test('but not a promise that does not concern it', () =>
    expect(found({ ...full, promises: [{ ...promised('tight', 'be tight', () => false, {}), concerns: () => false }] })).toEqual([]));
});
