import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TerraformOutput } from 'cdktf';
import { Construct } from 'constructs';
import { EventHubBuffer } from '../../../../azure/connect/event-hub/event-hub-buffer';
import { FunctionProcessor, type FunctionProcessorProps } from '../../../../azure/processing/functions/function-processor';
import { BlobStore } from '../../../../azure/store/blob/blob-store';
import packageJson from '../../../../package.json';
import { documentedDefaults } from '../../../support/defaults';
import { temporaryFolder } from '../../../support/folder';
import { expectSnapshot } from '../../../support/snapshot';
import { onCall, readable, site, synthesize } from '../../stand-ins';

const file = 'azure/processing/functions/function-processor.ts';
const hubId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.EventHub/namespaces/shared/eventhubs/orders';
const identityId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine';
const subnetId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net/subnets/apps';
const accountId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/theirs';
const APP = 'azurerm_function_app_flex_consumption';
const code = { zip: __filename, hash: '0'.repeat(64) };

const make = (props: Partial<FunctionProcessorProps> = {}) =>
  synthesize((stack) => {
    const store = new BlobStore(stack, 'Store', { site, accountId });
    const source = new EventHubBuffer(stack, 'Buffer', { site, hubId });
    const { deadLetter } = store;
    return new FunctionProcessor(stack, 'Processing', { site, code, source, stores: { STORE: store }, deadLetter, ...props });
  });

test('the snapshot', () => {
  const { azurerm_storage_container, azurerm_monitor_metric_alert, terraform_data, ...resources } = make().json.resource!;
  expectSnapshot(
    'azure/processing/functions/function-processor.snapshot.yaml',
    'Every role is in place before the app (depends_on), and no setting holds a key.',
    readable(resources),
  );
  expectSnapshot(
    'azure/processing/functions/code-package.snapshot.yaml',
    'Settle runs again after each change of the app (replace_triggered_by), and Publish after it (depends_on).',
    readable(terraform_data),
  );
});

test('documents the defaults that it has', () => {
  const { one, all } = make();
  const app = one(APP);
  expect(documentedDefaults(file, 'FunctionProcessorProps')).toEqual({
    name: app.name.slice('acme-'.length, -'-1a2b3c4d'.length),
    memoryMiB: String(app.instance_memory_in_mb),
    maxInstances: String(app.maximum_instance_count),
    publish: all('terraform_data').length === 2 ? 'az' : 'none',
  });
});

test('takes every setting', () => {
  const identity = {
    id: identityId,
    principalId: '11111111-0000-4000-8000-000000000001',
    clientId: '22222222-0000-4000-8000-000000000002',
  };
  const { one, all } = make({
    name: 'jobs',
    delivery: { batchSize: 10, batchWindowSeconds: 1, maxRetries: 2 },
    memoryMiB: 4096,
    maxInstances: 100,
    publish: 'none',
    identity,
    notify: [onCall],
    alwaysReady: { 'function:process': 2 },
    appSettings: { GREETING: 'hello' },
    subnetId,
  });
  const app = one(APP);
  expect(app).toMatchObject({
    name: 'acme-jobs-1a2b3c4d',
    instance_memory_in_mb: 4096,
    always_ready: [{ name: 'function:process', instance_count: 2 }],
    virtual_network_subnet_id: subnetId,
    maximum_instance_count: 100,
    storage_user_assigned_identity_id: identityId,
    identity: { identity_ids: [identityId] },
    app_settings: {
      GREETING: 'hello',
      AZURE_CLIENT_ID: '22222222-0000-4000-8000-000000000002',
      EVENTS__clientId: '22222222-0000-4000-8000-000000000002',
      EVENTS_MAX_RETRIES: '2',
    },
  });
  expect(one('azurerm_storage_account').name).toBe('acmejobs1a2b3c4d');
  expect(new Set(all('azurerm_role_assignment').map(({ principal_id }) => principal_id))).toEqual(
    new Set(['11111111-0000-4000-8000-000000000001']),
  );
  expect(all('azurerm_user_assigned_identity')).toEqual([]);
  expect(all('terraform_data')).toEqual([]);
  expect(all('azurerm_monitor_metric_alert').find(({ name }) => name === 'acme-jobs-failures').action).toEqual([
    { action_group_id: onCall },
  ]);
});

test('stands twice in one stack, on one source and one store', () => {
  const { all } = synthesize((stack) => {
    const store = new BlobStore(stack, 'Store', { site, accountId });
    const source = new EventHubBuffer(stack, 'Buffer', { site, hubId });
    return ['one', 'two'].map(
      (name) => new FunctionProcessor(stack, name, { site, name, code, source, stores: { STORE: store }, deadLetter: store.deadLetter }),
    );
  });
  for (const type of ['azurerm_function_app_flex_consumption', 'azurerm_storage_account', 'azurerm_eventhub_consumer_group']) {
    expect(new Set(all(type).map(({ name }) => name)).size).toBe(2);
  }
});

test('every role of the identity is there before the app', () => {
  const { one, json } = make();
  const roles = Object.keys(json.resource!.azurerm_role_assignment!).map((id) => `azurerm_role_assignment.${id}`);
  expect(roles).toHaveLength(5);
  expect(one(APP).depends_on).toEqual(expect.arrayContaining(roles));
});

test('the identity may receive, write, keep house and report, each in one place, and nothing else', () => {
  const { all } = make();
  const rights = all('azurerm_role_assignment').map(({ role_definition_name, scope }) => `${role_definition_name} on ${scope}`);
  expect(rights.sort()).toEqual([
    `Azure Event Hubs Data Receiver on ${hubId}`,
    expect.stringMatching(/^Monitoring Metrics Publisher on \$\{azurerm_application_insights\.\w+\.id}$/),
    expect.stringMatching(/^Storage Blob Data Contributor on \$\{azurerm_storage_container\.data_dead_letter\.id}$/),
    expect.stringMatching(/^Storage Blob Data Contributor on \$\{azurerm_storage_container\.data_events\.id}$/),
    expect.stringMatching(/^Storage Blob Data Owner on \$\{azurerm_storage_account\.func\.id}$/),
  ]);
});

test('nothing signs in with a key or a password', () => {
  const { one } = make();
  const app = one(APP);
  expect(app).toMatchObject({
    https_only: true,
    storage_authentication_type: 'UserAssignedIdentity',
    webdeploy_publish_basic_authentication_enabled: false,
    site_config: { minimum_tls_version: '1.2', scm_minimum_tls_version: '1.2' },
  });
  expect(JSON.stringify(app.app_settings)).not.toMatch(/AccountKey|SharedAccess|access_key|connection_string/);
  expect(one('azurerm_storage_account')).toMatchObject({ shared_access_key_enabled: false, local_user_enabled: false });
  expect(one('azurerm_application_insights').local_authentication_disabled).toBe(true);
});

test('the settings that Flex Consumption refuses are not set', () => {
  const names = Object.keys(make().one(APP).app_settings);
  expect(names.filter((name) => /^(FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|WEBSITE_)/.test(name))).toEqual([]);
});

test('the host finds its storage by its identity, and is given no connection string under any spelling, not even an empty one', () => {
  const { app_settings } = make().one(APP);
  expect(app_settings).toMatchObject({
    AzureWebJobsStorage__accountName: expect.stringMatching(/^\$\{azurerm_storage_account\./),
    AzureWebJobsStorage__credential: 'managedidentity',
    AzureWebJobsStorage__clientId: expect.stringMatching(/^\$\{azurerm_user_assigned_identity\./),
  });
  const broken = ['azurewebjobsstorage', 'deployment_storage_connection_string'];
  expect(Object.keys(app_settings).filter((name) => broken.includes(name.toLowerCase()))).toEqual([]);
  // When this fails, read hashicorp/terraform-provider-azurerm#29693 and #29630: the workarounds may have had their day.
  expect(packageJson.dependencies['@cdktf/provider-azurerm']).toBe('14.23.1');
});

test('the tags that Azure puts on the app change nothing in the next plan', () => {
  expect(make().one(APP).lifecycle).toEqual({
    ignore_changes: [
      'tags["hidden-link: /app-insights-resource-id"]',
      'tags["hidden-link: /app-insights-conn-string"]',
      'tags["hidden-link: /app-insights-instrumentation-key"]',
    ],
  });
});

test('the consumer group is called after the app, so another stack on the same hub reads all events too', () => {
  const { one } = make();
  expect(one('azurerm_eventhub_consumer_group').name).toBe(one(APP).name);
});

test('the account in which the host keeps its place keeps its address when the construct is renamed or nested', () => {
  const { json } = synthesize((stack) => {
    const store = new BlobStore(stack, 'Store', { site, accountId });
    const source = new EventHubBuffer(stack, 'Buffer', { site, hubId });
    new FunctionProcessor(new Construct(stack, 'Nested'), 'Renamed', { site, code, source, stores: {}, deadLetter: store.deadLetter });
  });
  expect(Object.keys(json.resource!.azurerm_storage_account!)).toEqual(Object.keys(make().json.resource!.azurerm_storage_account!));
});

describe('commands at deploy', () => {
  const command = (which: 'Settle' | 'Publish', { json } = make()) => {
    const found = Object.entries(json.resource!.terraform_data!).find(([id]) => id.startsWith(`Processing_Code_${which}_`));
    return { address: `terraform_data.${found![0]}`, ...found![1] };
  };

  test('the app is settled after each change of it, and code comes in after that', () => {
    const made = make();
    const [app] = Object.keys(made.json.resource![APP]!);
    expect(command('Settle', made)).toMatchObject({
      triggers_replace: { app: `\${${APP}.${app}.id}` },
      // A plain address: Terraform refuses an expression here.
      lifecycle: { replace_triggered_by: [`${APP}.${app}`] },
    });
    expect(command('Publish', made)).toMatchObject({
      triggers_replace: { app: `\${${APP}.${app}.id}`, code: code.hash },
      depends_on: [command('Settle', made).address],
    });
  });

  const target = '--subscription s --resource-group g --name'.split(' ').concat('an app');
  const settling = [
    ...'functionapp config appsettings delete'.split(' '),
    ...target,
    ...'--setting-names AzureWebJobsStorage DEPLOYMENT_STORAGE_CONNECTION_STRING --output none'.split(' '),
  ];
  const publishing = (zip: string) => [...'functionapp deployment source config-zip'.split(' '), ...target, '--src', zip];

  test.each([
    ['Settle', 1, true, 1],
    ['Settle', 6, false, 5],
    ['Publish', 1, true, 1],
    ['Publish', 3, true, 3],
    ['Publish', 6, false, 5],
  ] as const)('%s: when try %i is the first that would work, it ends well: %s, after %i tries', (which, firstGood, well, tries) => {
    const { command: script, interpreter, environment } = command(which).provisioner[0]['local-exec'];
    const folder = temporaryFolder();
    const log = path.join(folder, 'log');
    const stub = (name: string, content: string) => {
      writeFileSync(path.join(folder, name), `#!/bin/sh\n${content}\n`);
      chmodSync(path.join(folder, name), 0o755);
    };
    stub('az', `for word; do echo "$word"; done >> "${log}"; [ $(grep -c functionapp "${log}") -ge ${firstGood} ]`);
    stub('sleep', '[ "$1" = 30 ]');
    const env = { ...environment, APP: 'an app', SUBSCRIPTION: 's', GROUP: 'g', PATH: `${folder}:/bin:/usr/bin` };
    const run = () => execFileSync(interpreter[0], [...interpreter.slice(1), script], { env });
    if (well) run();
    else expect(run).toThrow();
    const words = readFileSync(log, 'utf8').trimEnd().split('\n');
    const once = which === 'Settle' ? settling : publishing(environment.ZIP);
    expect(words).toEqual(Array(tries).fill(once).flat());
  });

  test('a person is shown both with everything filled in, and none runs where nobody may run az', () => {
    const { all, built, json } = synthesize((stack) => {
      const store = new BlobStore(stack, 'Store', { site, accountId });
      const source = new EventHubBuffer(stack, 'Buffer', { site, hubId });
      const { deadLetter } = store;
      const { app, settleCommand, publishCommand } = new FunctionProcessor(stack, 'Processing', {
        ...{ site, code, source, stores: {}, deadLetter },
        publish: 'none',
      });
      new TerraformOutput(stack, 'settle', { value: settleCommand });
      new TerraformOutput(stack, 'publish', { value: publishCommand });
      return `${APP}.${app.friendlyUniqueId}`;
    });
    expect(all('terraform_data')).toEqual([]);
    const at = `--subscription '\${element(split("/", ${built}.id), 2)}' --resource-group '\${${built}.resource_group_name}' --name '\${${built}.name}'`;
    expect([json.output.settle.value, json.output.publish.value]).toEqual([
      `az functionapp config appsettings delete ${at} --setting-names AzureWebJobsStorage DEPLOYMENT_STORAGE_CONNECTION_STRING --output none`,
      `az functionapp deployment source config-zip ${at} --src 'assets/Processing_Code_Zip_45C9DB00/${code.hash}/${path.basename(code.zip)}'`,
    ]);
  });

  test('takes the zip from beside the stack', () => {
    expect(command('Publish').provisioner[0]['local-exec'].environment.ZIP).toBe(
      `assets/Processing_Code_Zip_45C9DB00/${code.hash}/${path.basename(code.zip)}`,
    );
    expect(existsSync(code.zip)).toBe(true);
  });
});

test('takes the stores that the handler needs', () => {
  const needs = { source: 'event-hubs', stores: { STORE: ['ENDPOINT', 'CONTAINER'] } };
  expect(make({ code: { ...code, needs } }).json).toEqual(make().json);
});

describe('refuses', () => {
  const needs = { source: 'event-hubs', stores: { STORE: ['ENDPOINT', 'CONTAINER'] } };

  test('a handler of another source', () =>
    expect(() => make({ code: { ...code, needs: { ...needs, source: 'service-bus' } } })).toThrow(
      new Error(
        'test/Processing: code must read records of event-hubs, got a handler for service-bus. Bundle one of the handlers whose names start with event-hubs.',
      ),
    ));

  test('a store by a name that the handler does not know', () =>
    expect(() =>
      synthesize((stack) => {
        const store = new BlobStore(stack, 'Store', { site, accountId });
        const source = new EventHubBuffer(stack, 'Buffer', { site, hubId });
        const stores = { LAKE: store };
        new FunctionProcessor(stack, 'Processing', { site, code: { ...code, needs }, source, stores, deadLetter: store.deadLetter });
      }),
    ).toThrow(
      new Error(
        'test/Processing: stores must be { STORE: store } for this handler, got LAKE. Its code reads the settings of these stores.',
      ),
    ));

  test('a store of another kind', () =>
    expect(() => make({ code: { ...code, needs: { ...needs, stores: { STORE: ['TABLE'] } } } })).toThrow(
      new Error(
        'test/Processing: stores.STORE must return STORE_TABLE, got STORE_ENDPOINT and STORE_CONTAINER. Give a store of the kind that the handler writes to.',
      ),
    ));

  test('one store under two names, and as its dead letter: Azure would refuse the second role assignment', () => {
    const twice = (props: (store: BlobStore) => Partial<FunctionProcessorProps>) =>
      synthesize((stack) => {
        const store = new BlobStore(stack, 'Store', { site, accountId });
        const source = new EventHubBuffer(stack, 'Buffer', { site, hubId });
        new FunctionProcessor(stack, 'Processing', { site, code, source, stores: {}, deadLetter: store.deadLetter, ...props(store) });
      });
    expect(() => twice((store) => ({ stores: { RAW: store, COPY: store } }))).toThrow(
      new Error('test/Processing: stores and deadLetter must have each store once, got the same for RAW and COPY. Leave COPY out.'),
    );
    expect(() => twice((store) => ({ stores: { RAW: store }, deadLetter: store }))).toThrow(
      'got the same for RAW and deadLetter. Leave deadLetter out.',
    );
  });

  test('a second processor of one name, and one that is called as a store', () => {
    const second = (name: string) =>
      synthesize((stack) => {
        const store = new BlobStore(stack, 'Store', { site });
        const source = new EventHubBuffer(stack, 'Buffer', { site, hubId });
        const props = { site, code, source, stores: {}, deadLetter: store.deadLetter };
        new FunctionProcessor(stack, 'First', props);
        new FunctionProcessor(stack, 'Second', { ...props, name });
      });
    const refusal = (name: string, owner: string) =>
      `test/Second: each storage account of a site must have its own name, got "${name}", which test/${owner} has. Set name on one of them.`;
    expect(() => second('func')).toThrow(new Error(refusal('func', 'First')));
    expect(() => second('data')).toThrow(new Error(refusal('data', 'Store')));
  });

  test.each<[string, Partial<FunctionProcessorProps>, string]>([
    [
      'a setting that it has for itself',
      { appSettings: { STORE_CONTAINER: 'mine' } },
      'test/Processing: appSettings must have names of letters, digits and underscores that are not reserved, got "STORE_CONTAINER". The app sets it itself, or Flex Consumption does not accept it. Take another name.',
    ],
    [
      'a setting of the host that its queue has for itself',
      { appSettings: { AzureFunctionsJobHost__extensions__serviceBus__prefetchCount: '100' } },
      'test/Processing: appSettings must have names of letters, digits and underscores that are not reserved, got "AzureFunctionsJobHost__extensions__serviceBus__prefetchCount". The app sets it itself, or Flex Consumption does not accept it. Take another name.',
    ],
    [
      'the setting that keeps the host from starting, in any case',
      { appSettings: { azureWebJobsStorage: '' } },
      'test/Processing: appSettings must have names of letters, digits and underscores that are not reserved, got "azureWebJobsStorage". The app sets it itself, or Flex Consumption does not accept it. Take another name.',
    ],
    [
      'a reference to a Key Vault',
      { appSettings: { TOKEN: '@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)' } },
      'test/Processing: appSettings.TOKEN must be texts of up to 5000 characters, and no Key Vault references, got "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)". The provider cannot set the identity for Key Vault references on Flex Consumption. Let the code read the Key Vault.',
    ],
    [
      'instances of no group',
      { alwaysReady: { process: 1 } },
      'test/Processing: alwaysReady must have the names of groups, got "process". A group is http, durable, blob, or function:process for the function process.',
    ],
    [
      'more ready instances than may run',
      { alwaysReady: { 'function:process': 41 } },
      'test/Processing: alwaysReady["function:process"] must be 1 to 40 instances, got 41. maxInstances is the limit. Leave a group out for no instances.',
    ],
    [
      'the name of a subnet for its id',
      { subnetId: 'apps' },
      'test/Processing: subnetId must be the id of a subnet, got "apps". Find it with az network vnet subnet show.',
    ],
    [
      'a long name',
      { name: 'processing' },
      'test/Processing: name must be 1 to 5 lower-case letters and digits, got "processing". The name of a storage account has no room for more.',
    ],
    [
      'a size that is not on offer',
      { memoryMiB: 1024 as 512 },
      'test/Processing: memoryMiB must be 512, 2048 or 4096, got 1024. Flex Consumption has no other sizes.',
    ],
    [
      'another way to publish',
      { publish: 'func' as 'az' },
      'test/Processing: publish must be az or none, got "func". With none, publish with your own tool.',
    ],
    [
      'few instances',
      { maxInstances: 10 },
      'test/Processing: maxInstances must be 40 to 1000 instances, got 10. The provider accepts no other number.',
    ],
  ])('%s', (_, props, message) => expect(() => make(props)).toThrow(new Error(message)));
});
