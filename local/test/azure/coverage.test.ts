import { readAzure } from '../../azure/blueprint';
import { CALM } from '../../chaos';
import { UNKNOWN } from '../../coverage';
import { Pace } from '../../pace';
import type { Witness } from '../../platform';
import { temporaryFolder } from '../folder';
import { mutated, synthesized } from '../support';

const APP = 'azurerm_function_app_flex_consumption';
const NAMESPACE = 'azurerm_eventhub_namespace';
const ACCOUNT = 'azurerm_storage_account';

const only = (template: any, type: string) => Object.values<any>(template.resource[type])[0];
const within = (type: string, properties: Record<string, unknown>) => (template: any) => Object.assign(only(template, type), properties);

test('every resource and every property of the pipeline is classified, and what matters is emulated', async () => {
  const { coverage } = await readAzure(synthesized('azure'));
  expect(coverage.filter(({ treatment }) => treatment === 'refused')).toEqual([]);
  const emulated = coverage.filter(({ treatment }) => treatment === 'emulated').map(({ type, property }) => `${type} ${property}`);
  expect(emulated).toEqual(
    expect.arrayContaining([
      'azurerm_eventhub partition_count',
      'azurerm_eventhub_consumer_group name',
      `${APP} app_settings`,
      `${APP} instance_memory_in_mb`,
      'terraform_data provisioner.local-exec.environment',
      'host.json functionTimeout',
      'host.json extensions.eventHubs.maxEventBatchSize',
      'host.json extensions.eventHubs.initialOffsetOptions.type',
    ]),
  );
});

test.each([
  [
    'a property',
    within('azurerm_eventhub', { capture_description: { enabled: true } }),
    'azurerm_eventhub',
    'capture_description',
    UNKNOWN,
  ],
  [
    'a rule of a life',
    within('azurerm_eventhub', { lifecycle: { precondition: [{ condition: false }] } }),
    'azurerm_eventhub',
    'lifecycle.precondition',
    UNKNOWN,
  ],
  ['resources by the dozen', within('azurerm_eventhub', { count: 12 }), 'azurerm_eventhub', 'count', UNKNOWN],
  ['a section', (template: any) => (template.module = { m: { source: './m' } }), 'module', '', UNKNOWN],
  ['a provider', (template: any) => (template.provider.random = [{}]), 'provider.random', '', UNKNOWN],
  ['a rule of a variable', (template: any) => (template.variable.prefix.sensitive = true), 'variable', 'sensitive', UNKNOWN],
  ['another tier', within(NAMESPACE, { sku: 'Premium' }), NAMESPACE, 'sku', 'only the Standard tier is emulated here, got "Premium".'],
  [
    'keys for the hub',
    within(NAMESPACE, { local_authentication_enabled: true }),
    NAMESPACE,
    'local_authentication_enabled',
    'only signing in with Entra is emulated here, got true.',
  ],
  [
    'keys for the store',
    within(ACCOUNT, { shared_access_key_enabled: true }),
    ACCOUNT,
    'shared_access_key_enabled',
    'only signing in with Entra is emulated here, got true.',
  ],
  ['another language', within(APP, { runtime_name: 'python' }), APP, 'runtime_name', 'only Node.js is emulated here, got "python".'],
  [
    'a setting of the host',
    (template: any) => (only(template, APP).app_settings.AzureFunctionsJobHost__extensions__eventHubs__prefetchCount = '9'),
    'host.json',
    'extensions.eventHubs.prefetchCount',
    UNKNOWN,
  ],
  [
    'a size that is none',
    (template: any) => (only(template, APP).app_settings.AzureFunctionsJobHost__extensions__eventHubs__maxEventBatchSize = '0'),
    'host.json',
    'extensions.eventHubs.maxEventBatchSize',
    'it is a whole number from 1',
  ],
  [
    'another command',
    (template: any) => (only(template, 'terraform_data').provisioner[0]['local-exec'].command = 'rm -rf /'),
    'terraform_data',
    'provisioner.local-exec.command',
    /only a command that deletes the broken app settings or publishes code/,
  ],
])('%s: it is shown as refused, and nothing starts', async (_, edit, type, property, why) => {
  const { coverage, start } = await readAzure(mutated('azure', edit as (template: any) => void));
  expect(coverage.filter(({ treatment }) => treatment === 'refused')).toEqual([
    expect.objectContaining({ type, property, why: typeof why === 'string' ? why : expect.stringMatching(why) }),
  ]);
  const surroundings = { folder: temporaryFolder(), witness: {} as Witness, chaos: CALM, pace: new Pace() };
  await expect(start(surroundings)).rejects.toThrow(new RegExp(`^${type}.*${property.replaceAll('.', '\\.')}: `));
});

test('a template that publishes no code is refused', async () => {
  const folder = mutated('azure', (template) => delete template.resource.terraform_data);
  await expect(readAzure(folder)).rejects.toThrow(/no command in the template publishes its code/);
});
