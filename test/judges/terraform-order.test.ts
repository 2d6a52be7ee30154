import { findReferences } from '../../scripts/judges/terraform-references';
import { broken, the } from './broken';

// The first test synthesizes every stack.
jest.setTimeout(60_000);

test.each<[string, 'azure' | 'gcp', rule: string, what: RegExp, (json: any) => void]>([
  [
    'a name that is too long for the longest prefix',
    'azure',
    'name',
    /"abcdefghij1functions[0-9a-f]{8}" is no name for a azurerm_storage_account/,
    (json) => {
      const account = the(json, 'azurerm_storage_account', 'func');
      account.name = account.name.replace('func$', 'functions$');
    },
  ],
  [
    'a prefix that may be longer than names can take',
    'gcp',
    'name',
    /may be longer/,
    (json) => {
      const [rule] = json.variable.prefix.validation;
      rule.condition = rule.condition.replace('{1,10}', '{1,20}');
    },
  ],
  [
    'a name whose rule nobody knows',
    'azure',
    'name',
    /^nothing is known of azurerm_redis_cache: write it into facts\.ts/,
    (json) => {
      json.resource.azurerm_redis_cache = { Images: { name: 'images' } };
    },
  ],
  [
    'an API that is off',
    'gcp',
    'api',
    /The API storage is not switched on/,
    (json) => {
      const apis = the(json, 'google_project_service');
      apis.for_each = apis.for_each.replace(', "storage.googleapis.com"', '');
    },
  ],
  [
    'an API that is taken from others',
    'gcp',
    'api',
    /takes an API from others/,
    (json) => {
      the(json, 'google_project_service').disable_on_destroy = true;
    },
  ],
  [
    'a resource that does not wait for the APIs',
    'gcp',
    'api',
    /does not wait until the APIs are on/,
    (json) => {
      delete the(json, 'google_storage_bucket').depends_on;
    },
  ],
  [
    'an app that starts before it has a role',
    'azure',
    'order',
    /does not wait for azurerm_role_assignment\.Processing_STOREWriter/,
    (json) => {
      const app = the(json, 'azurerm_function_app_flex_consumption');
      app.depends_on = app.depends_on.filter((one: string) => !one.includes('STOREWriter'));
    },
  ],
  [
    'a build that starts before its permissions have spread',
    'gcp',
    'order',
    /does not wait for google_project_iam_member\.Processing_Builder_LogWriter/,
    (json) => {
      const sleep = the(json, 'time_sleep', 'Processing');
      const without = (one: string) => !one.includes('LogWriter');
      sleep.depends_on = sleep.depends_on.filter(without);
      sleep.triggers = Object.fromEntries(Object.entries(sleep.triggers).filter(([one]) => without(one)));
    },
  ],
  [
    'a push before its invoker may call',
    'gcp',
    'order',
    /does not wait for google_cloud_run_v2_service_iam_member/,
    (json) => {
      const trigger = the(json, 'google_pubsub_subscription', 'events_to');
      trigger.depends_on = trigger.depends_on.filter((one: string) => !one.includes('InvokerGrant'));
    },
  ],
])('finds %s', async (_, cloud, rule, what, breakIt) => {
  const found = await findReferences(broken(cloud, breakIt));
  expect(found).toContainEqual(expect.objectContaining({ rule, what: expect.stringMatching(what) }));
});
