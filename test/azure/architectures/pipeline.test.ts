import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'cdktf';
import { AzurePipeline } from '../../../azure/architectures/pipeline';
import type { AzurePlatformProps } from '../../../azure/foundation/platform';
import packageJson from '../../../package.json';
import type { TerraformJson } from '../../support/cdktf';
import { documentedDefaults } from '../../support/defaults';
import { temporaryFolder } from '../../support/folder';
import { onCall } from '../stand-ins';

function synthesize(props?: AzurePlatformProps, context = {}): TerraformJson {
  const outdir = temporaryFolder();
  const app = new App({ outdir, context });
  new AzurePipeline(app, 'azure-pipeline', props);
  app.synth();
  return JSON.parse(readFileSync(path.join(outdir, 'stacks/azure-pipeline/cdk.tf.json'), 'utf8'));
}

const json = synthesize();
const all = ({ resource }: TerraformJson, type: string) => Object.values(resource![type]!);
const names = (of: TerraformJson) => Object.entries(of.resource!).flatMap(([type, made]) => Object.keys(made).map((id) => `${type}.${id}`));

test('is the blueprint that is built where none is asked for', () => {
  const app = new App({ outdir: temporaryFolder() });
  new AzurePipeline(app, 'azure-pipeline');
  expect(app.node.children.map(({ node }) => node.id)).toEqual(['azure-pipeline']);
});

test('documents the default that it has', () => {
  expect(documentedDefaults('azure/foundation/platform.ts', 'AzurePlatformProps')).toEqual({ removal: 'retain' });
  expect(synthesize({ removal: 'retain' })).toEqual(json);
});

test('asks for a prefix, a region, and for nothing else', () => {
  const asked = Object.entries(json.variable as Record<string, { default?: unknown }>).filter(
    ([, variable]) => variable.default === undefined,
  );
  expect(asked.map(([name]) => name).sort()).toEqual(['location', 'prefix']);
});

test('the rules of the variables are the rules of the site', () => {
  const conditions = Object.values(json.variable as Record<string, { validation: { condition: string }[] }>).map(
    ({ validation }) => validation[0]!.condition,
  );
  expect(conditions).toEqual([
    '${can(regex("^[a-z]+[0-9]?$", var.location))}',
    '${can(regex("^[a-z][a-z0-9]{1,10}$", var.prefix))}',
    '${(length(setsubtract(values(var.senders), ["User", "Group", "ServicePrincipal"])) < 1)}',
  ]);
});

test.each([
  [true, []],
  [true, ['8f3c1d2e-0000-4a5b-9c7d-1234567890ab']],
  [true, ['8f3c1d2e-0000-4a5b-9c7d-1234567890ab', '9F3C1D2E-0000-4A5B-9C7D-1234567890AB']],
  [false, ['me@example.com']],
  [false, ['8f3c1d2e-0000-4a5b-9c7d-1234567890ab', '']],
])('Terraform says %p to the senders %j', (right, senders) => {
  const { condition } = json.variable.senders.validation[1];
  const [, pattern] = /^\$\{can\(regex\("(.+)", join\(",", keys\(var\.senders\)\)\)\)\}$/.exec(condition)!;
  expect(new RegExp(pattern!).test(senders.join(','))).toBe(right);
});

test('runs with the version of the provider that the bindings were made for, and never with the next major one', () => {
  expect(json.terraform.required_providers.azurerm).toEqual({ source: 'azurerm', version: '4.55.0' });
  expect(packageJson.dependencies['@cdktf/provider-azurerm']).toBe('14.23.1');
});

test('the provider uses no key of a storage account, and registers what is used and no more', () => {
  const [provider] = json.provider.azurerm;
  expect(provider).toMatchObject({
    storage_use_azuread: true,
    resource_provider_registrations: 'none',
    features: [{ storage: [{ data_plane_available: false }] }],
  });
  expect(provider.resource_providers_to_register).toHaveLength(7);
  expect(provider.subscription_id).toBeUndefined();
});

test('Terraform refuses to destroy what holds data', () => {
  const holders = ['azurerm_eventhub_namespace', 'azurerm_eventhub', 'azurerm_storage_account', 'azurerm_storage_container'];
  const [kept, free] = [true, false].map((keeps) =>
    holders.flatMap((type) =>
      Object.entries(json.resource![type]!).flatMap(([id, { lifecycle }]) => (!!lifecycle?.prevent_destroy === keeps ? [id] : [])),
    ),
  );
  expect(kept).toHaveLength(5);
  expect(free!.filter((id) => !id.startsWith('func'))).toEqual([]);
});

test('a group that is handed over to somebody else is not deleted with all that is in it, until both keys are given', () => {
  const guard = (of: TerraformJson) => of.provider.azurerm[0].features[0].resource_group;
  expect(guard(json)).toEqual([{ prevent_deletion_if_contains_resources: true }]);
  // Azure itself puts something into the group: with the guard it could never be deleted.
  expect(guard(synthesize({ removal: 'destroy' }, { destroyData: 'yes' }))).toEqual([{ prevent_deletion_if_contains_resources: false }]);
  // The provider would wait for a rule that Azure does not make in each subscription: hashicorp/terraform-provider-azurerm#18375.
  expect(json.provider.azurerm[0].features[0].application_insights).toBeUndefined();
});

test('tags are on whatever Azure lets be tagged, and on nothing else', () => {
  const tagged = synthesize({ tags: { team: 'press' } });
  const types = Object.entries(tagged.resource!).flatMap(([type, made]) =>
    Object.values(made).every(({ tags }) => JSON.stringify(tags) === '{"team":"press"}') ? [type] : [],
  );
  expect(types.sort()).toEqual([
    'azurerm_application_insights',
    'azurerm_eventhub_namespace',
    'azurerm_function_app_flex_consumption',
    'azurerm_log_analytics_workspace',
    'azurerm_monitor_metric_alert',
    'azurerm_monitor_scheduled_query_rules_alert_v2',
    'azurerm_resource_group',
    'azurerm_service_plan',
    'azurerm_storage_account',
    'azurerm_user_assigned_identity',
  ]);
  expect(JSON.stringify(json)).not.toContain('"tags"');
});

test('a tag that Azure does not take is refused', () => {
  const rule = 'tags must be at most 50 texts of up to 256 characters, with names of up to 128 characters without any of <>%&\\?/';
  expect(() => synthesize({ tags: { 'a/b': 'c' } })).toThrow(
    new Error(`azure-pipeline: ${rule}, got "a/b". Write them like { team: "press" }.`),
  );
});

test('with both keys everything goes', () => {
  const gone = synthesize({ removal: 'destroy' }, { destroyData: 'yes' });
  expect(JSON.stringify(gone)).not.toContain('prevent_destroy');
});

test('no alert has an action until somebody wants to hear them, and then each has', () => {
  const actions = (of: TerraformJson) =>
    ['azurerm_monitor_metric_alert', 'azurerm_monitor_scheduled_query_rules_alert_v2'].flatMap((type) =>
      all(of, type).map(({ action }) => action),
    );
  expect(new Set(actions(json))).toEqual(new Set([undefined]));
  const heard = actions(synthesize({ notify: [onCall] }));
  expect(heard.map((action) => JSON.stringify(action).includes(onCall))).toEqual(Array(6).fill(true));
});

test('logs of the hub, of the app and of the data go to one workspace', () => {
  const settings = all(json, 'azurerm_monitor_diagnostic_setting');
  expect(settings.map(({ target_resource_id }) => target_resource_id.match(/azurerm_\w+/)[0]).sort()).toEqual([
    'azurerm_eventhub_namespace',
    'azurerm_function_app_flex_consumption',
    'azurerm_storage_account',
  ]);
  expect(new Set(settings.map((setting) => setting.log_analytics_workspace_id)).size).toBe(1);
});

test('nothing holds a key, a password or a connection string but that of Application Insights, which opens nothing', () => {
  const secrets = JSON.stringify(json).match(/[\w.]*(access_key(?!_enabled)|connection_string|password|_sas\b)[\w.]*/g) ?? [];
  expect([...new Set(secrets)].sort()).toEqual([
    'application_insights_connection_string',
    expect.stringMatching(/^azurerm_application_insights\.\w+\.connection_string$/),
  ]);
});

test('names that must be unique in the world end in the suffix', () => {
  const types = ['azurerm_eventhub_namespace', 'azurerm_storage_account', 'azurerm_function_app_flex_consumption'];
  expect(types.flatMap((type) => all(json, type).map(({ name }) => name))).toEqual(
    Array(4).fill(expect.stringMatching(/\$\{substr\(sha256\(.*\), 0, 8\)}$/)),
  );
});

test('the state lies outside of the folder that is synthesized, and its path holds no folder of this machine', () => {
  expect(json.terraform.backend.local).toEqual({
    path: '../../../terraform.azure-pipeline.tfstate',
    workspace_dir: '../../../terraform.azure-pipeline.workspaces',
  });
});

test('every output names something that is made', () => {
  const made = names(json);
  const used = JSON.stringify(json.output).match(/azurerm_\w+\.\w+/g)!;
  expect(used.filter((name) => !made.includes(name))).toEqual([]);
  expect(Object.keys(json.output).sort()).toEqual([
    'dead_letters_command',
    'events_url',
    'publish_command',
    'send_command',
    'settle_command',
    'show_command',
  ]);
});
