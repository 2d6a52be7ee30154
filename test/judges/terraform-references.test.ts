import { terraformStacks } from '../../scripts/judges/terraform/stack';
import { findReferences } from '../../scripts/judges/terraform-references';
import { address, broken, the } from './broken';

const BUCKET = 'google_storage_bucket';
const OBJECT = 'google_storage_bucket_object';
const FUNCTION = 'google_cloudfunctions2_function';
const PLAN = 'azurerm_service_plan';
const APP = 'azurerm_function_app_flex_consumption';

test.each(terraformStacks().map((stack) => [stack.name, stack] as const))('finds nothing in %s', async (_, stack) => {
  expect(await findReferences(stack)).toEqual([]);
});

test.each<[string, 'azure' | 'gcp', rule: string, what: RegExp, (json: any) => void]>([
  [
    'an expression that cannot be read',
    'gcp',
    'expression',
    /^value: Terraform cannot read it: \w/,
    (json) => {
      json.output.events_url.value = '${var.region';
    },
  ],
  [
    'a reference to nothing',
    'gcp',
    'reference',
    /bucket\.Gone\.name is not declared/,
    (json) => {
      the(json, OBJECT).bucket = `\${${BUCKET}.Gone.name}`;
    },
  ],
  [
    'a reference to a data source that is not there',
    'azure',
    'reference',
    /data\.azurerm_subscription\.Gone\.id is not declared/,
    (json) => {
      the(json, PLAN).name = '${upper(data.azurerm_subscription.Gone.id)}';
    },
  ],
  [
    'a variable that nobody asks for',
    'gcp',
    'reference',
    /var\.nowhere is no variable/,
    (json) => {
      the(json, BUCKET).location = '${var.nowhere}';
    },
  ],
  [
    'an order after nothing',
    'gcp',
    'reference',
    /^depends_on\[0\]: time_sleep\.Gone is not declared/,
    (json) => {
      the(json, BUCKET).depends_on = ['time_sleep.Gone'];
    },
  ],
  [
    'a replacement that nothing triggers',
    'gcp',
    'reference',
    /^lifecycle\.replace_triggered_by\[0\]: \S+\.Gone\.id is not declared/,
    (json) => {
      the(json, 'google_cloud_run_v2_service_iam_member').lifecycle.replace_triggered_by = [`${FUNCTION}.Gone.id`];
    },
  ],
  [
    'each where there is no for_each',
    'azure',
    'reference',
    /^tags\.who: each\.key has no meaning there/,
    (json) => {
      the(json, PLAN).tags = { who: '${each.key}' };
    },
  ],
  [
    'itself before it is made',
    'azure',
    'reference',
    /^lifecycle\.precondition\[0\]\.condition: self\.name has no meaning there/,
    (json) => {
      the(json, PLAN).lifecycle = { precondition: [{ condition: '${self.name != ""}', error_message: 'No.' }] };
    },
  ],
  [
    'what it does not have itself',
    'azure',
    'attribute',
    /^lifecycle\.postcondition\[0\]\.condition: self\.nme leads nowhere: azurerm_service_plan has no nme/,
    (json) => {
      the(json, PLAN).lifecycle = { postcondition: [{ condition: '${self.nme != ""}', error_message: 'No.' }] };
    },
  ],
  [
    'one attribute of several resources',
    'gcp',
    'reference',
    /stands for several/,
    (json) => {
      json.output.events_url.value = `\${${address(json, 'google_project_service')}.id}`;
    },
  ],
  [
    'an attribute that does not exist',
    'gcp',
    'attribute',
    /google_storage_bucket has no nmae/,
    (json) => {
      the(json, OBJECT).bucket = `\${${address(json, BUCKET)}.nmae}`;
    },
  ],
  [
    'an attribute that does not exist in a block',
    'gcp',
    'attribute',
    /service_config\[\]\.urri leads nowhere/,
    (json) => {
      json.output.events_url.value = `\${${address(json, FUNCTION)}.service_config[0].urri}`;
    },
  ],
  [
    'two that wait for each other',
    'azure',
    'cycle',
    /waits for itself/,
    (json) => {
      the(json, PLAN).depends_on = [address(json, APP)];
    },
  ],
  [
    'a question whose answer nobody uses',
    'gcp',
    'variable',
    /nothing uses the answer/,
    (json) => {
      json.variable.colour = { type: 'string', validation: [{ condition: '${var.colour != ""}', error_message: 'No.' }], default: 'red' };
    },
  ],
  [
    'a setting that does not exist',
    'azure',
    'setting',
    /sharedAccessKeyEnabled: \S+ has no such setting/,
    (json) => {
      the(json, 'azurerm_storage_account').sharedAccessKeyEnabled = false;
    },
  ],
  [
    'a setting that does not exist in a block',
    'azure',
    'setting',
    /^site_config\.minimum_tls: /,
    (json) => {
      the(json, APP).site_config.minimum_tls = '1.2';
    },
  ],
  [
    'a value where a block is wanted',
    'gcp',
    'setting',
    /^versioning: It is a block/,
    (json) => {
      the(json, BUCKET).versioning = true;
    },
  ],
  [
    'a setting that is missing',
    'azure',
    'required',
    /^os_type: /,
    (json) => {
      delete the(json, PLAN).os_type;
    },
  ],
  [
    'a type that nobody knows',
    'azure',
    'type',
    /azurerm_teapot/,
    (json) => {
      json.resource.azurerm_teapot = { Tea: {} };
    },
  ],
  [
    'a provider without a version',
    'gcp',
    'provider',
    /required_providers has no time/,
    (json) => {
      delete json.terraform.required_providers.time;
    },
  ],
  [
    'a provider of any version',
    'gcp',
    'provider',
    /not exact/,
    (json) => {
      json.terraform.required_providers.time.version = '~> 0.13';
    },
  ],
  [
    'a provider that makes nothing',
    'gcp',
    'provider',
    /It makes nothing/,
    (json) => {
      delete json.resource.google_project_service_identity;
    },
  ],
])('finds %s', async (_, cloud, rule, what, breakIt) => {
  const found = await findReferences(broken(cloud, breakIt));
  expect(found).toContainEqual(expect.objectContaining({ rule, what: expect.stringMatching(what) }));
});
