import { amountOr, type Cost, GB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { factsOf } from '../../../shared/read/facts/find';
import { fitting } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Running, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, replace, set, type Which } from '../../../shared/read/facts/weaken';
import type { Step } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, is, names, only, type Stack } from '../../../shared/read/stack';
import { alertOn, armId, META, NAMED, noSecret, ON_RECORD, referring, settingsOf, textOf } from '../../foundation/promises';

const IDENTITY = 'identity.identity_ids';
const INSIGHTS = 'site_config.application_insights_connection_string';
const APP = 'azurerm_function_app_flex_consumption';
const ACCOUNT = 'azurerm_storage_account';
const HOST = 'AzureWebJobsStorage';
const PACKAGE = 'DEPLOYMENT_STORAGE_CONNECTION_STRING';
const SETTLES = 'az functionapp config appsettings delete';
const PUBLISHES = 'az functionapp deployment source config-zip';
const nothing = 'no effect here';

/** The commands of an apply that contain this text. */
const commands =
  (verb: string): Which =>
  (app, draft) =>
    referring('terraform_data')(app, draft).filter((id) => JSON.stringify(draft.resources.get(id)?.body).includes(verb));

export const facts: ServiceFacts = {
  name: 'Functions',
  local: 'runs',
  types: {
    [APP]: {
      name: 'function app',
      replacedBy: ['name', 'resource_group_name', 'location', 'service_plan_id'],
      role: 'runs code',
      tells: (app) => [
        'Functions',
        [only(app, 'runtime_name'), only(app, 'runtime_version')].filter(Boolean).join(' '),
        textOf(app, 'instance_memory_in_mb', (size) => `${size} MB`),
        textOf(app, 'maximum_instance_count', (most) => `up to ${most} instances`),
      ],
      // Azure allows 60 characters, but the host id of apps in one storage account is made of the first 32.
      named: ['name', /^[a-zA-Z0-9][a-zA-Z0-9-]{0,30}[a-zA-Z0-9]$/],
      promises: [
        promised('own-identity', 'run as one identity that no other app uses', hasOwnIdentity, {
          'it runs as an identity without roles': set('identity', { type: 'SystemAssigned' }),
        }),
        setTo({
          rule: 'https-only',
          must: 'accept HTTPS only',
          at: 'https_only',
          to: [true],
          weak: false,
          worse: 'it accepts HTTP',
        }),
        promised(
          'tls',
          'refuse TLS below 1.2, also for publishing code',
          (app) => ['minimum', 'scm_minimum'].every((which) => is(app, `site_config.${which}_tls_version`, '1.2', '1.3')),
          {
            'it accepts an old TLS version': set('site_config.minimum_tls_version', '1.0'),
            'code is published over an old TLS version': set('site_config.scm_minimum_tls_version', '1.0'),
          },
        ),
        setTo({
          rule: 'no-keys',
          must: 'accept code only with a Microsoft Entra token',
          at: 'webdeploy_publish_basic_authentication_enabled',
          to: [false],
          weak: true,
          worse: 'code may be published with a password',
        }),
        promised('no-keys', 'access its host storage with its identity', reachesHostByIdentity, {
          'it reads its package with a key': set('storage_authentication_type', 'StorageAccountConnectionString'),
          'the host has no address of its storage': set('app_settings.AzureWebJobsStorage__accountName'),
          'the host has no credential for its storage': set('app_settings.AzureWebJobsStorage__credential'),
        }),
        promised('starts', 'have no connection string for its storage, not even an empty one: its triggers would not start', isPlain, {
          'the host has a connection string': set('app_settings.AzureWebJobsStorage', (draft) =>
            draft.reference(draft.id(ACCOUNT), 'primary_connection_string'),
          ),
          'the host has an empty connection string': set('app_settings.AzureWebJobsStorage', ''),
          'the host has an empty connection string under a name in capitals': set('app_settings.AZUREWEBJOBSSTORAGE', ''),
          'the app has an empty connection string for its package': set('app_settings.DEPLOYMENT_STORAGE_CONNECTION_STRING', ''),
        }),
        promised(
          'starts',
          'lose the connection strings that the provider writes, after each change of the app and before the code is published',
          isSettled,
          {
            'the connection strings of the provider are not deleted': remove(commands(SETTLES)),
            'the connection strings of the provider are deleted once, and not after each change': set(
              'lifecycle',
              undefined,
              commands(SETTLES),
            ),
            'only one of the two connection strings is deleted': replace(' DEPLOYMENT_STORAGE_CONNECTION_STRING', '', commands(SETTLES)),
            'the code is published before the host can start': set('depends_on', undefined, commands(PUBLISHES)),
          },
        ),
        promised('starts', 'ignore the tags that Azure adds: each apply would remove them, and break the app', leavesTags, {
          'it is changed at each apply': set('lifecycle'),
        }),
        noSecret('app_settings.KEY'),
        ON_RECORD,
        alertOn('requests/failed', 'have an alert that fires when calls fail', (app) => app.refers(INSIGHTS)),
      ],
      weakenings: {
        'it starts before all of its role assignments': set('depends_on'),
        'it starts before one of its role assignments': replace(/"azurerm_role_assignment\.[^"]+",/, ''),
      },
      answered: {
        'ready-before-work': 'It runs as its identity. The check of references makes sure that it waits for the role assignments.',
      },
      actsAs: [IDENTITY],
      runs,
      reads: sourcesOf,
      flow: (app, seen) =>
        sourcesOf(app).map((container): Step => {
          const from = receiverOf(container);
          return { from, how: 'the lines of each new object', to: app.stage, notes: seen.tell(app), between: [container.id, app.id] };
        }),
      costs: appCosts,
      needs: hostNeeds,
      computed: { id: armId('Microsoft.Web/sites/acme') },
      local: {
        ...NAMED,
        'lifecycle.ignore_changes': nothing,
        app_settings: 'emulated',
        identity: 'emulated',
        instance_memory_in_mb: 'emulated',
        runtime_name: fitting(/^node$/, 'Node.js'),
        // It runs on the Node.js version of the local run.
        runtime_version: nothing,
        maximum_instance_count: nothing,
        always_ready: nothing,
        virtual_network_subnet_id: nothing,
        service_plan_id: nothing,
        https_only: nothing,
        site_config: nothing,
        storage_authentication_type: nothing,
        storage_container_endpoint: nothing,
        storage_container_type: nothing,
        storage_user_assigned_identity_id: nothing,
        webdeploy_publish_basic_authentication_enabled: nothing,
      },
    },
    azurerm_service_plan: {
      name: 'plan',
      replacedBy: ['name', 'resource_group_name', 'location', 'os_type', 'zone_balancing_enabled?'],
      role: 'helps',
      named: ['name', /^[\w-]{1,60}$/],
      computed: { id: armId('Microsoft.Web/serverFarms/acme') },
      local: nothing,
    },
    terraform_data: {
      name: 'command at deploy',
      replacedBy: ['triggers_replace'],
      role: 'helps',
      promises: [noSecret('triggers_replace.key')],
      schema: { settings: ['input', 'triggers_replace'], computed: ['id', 'output'] },
      local: {
        ...META,
        triggers_replace: nothing,
        'lifecycle.replace_triggered_by': 'emulated',
        'provisioner.local-exec.command': fitting(
          new RegExp(`\\b(${SETTLES}|${PUBLISHES})\\b`),
          'a command that deletes the broken app settings or publishes code',
        ),
        'provisioner.local-exec.environment': 'emulated',
        'provisioner.local-exec.interpreter': nothing,
      },
    },
  },
  harmless: ['@azure/functions app.generic', '@azure/functions InvocationContext.error', '@azure/functions InvocationContext.info'],
};

/** The containers whose new objects it reads. */
function sourcesOf(app: Asked): readonly Asked[] {
  return app.refers('app_settings.SOURCE_CONTAINER');
}

function hasOwnIdentity(app: Asked, stack: Stack): boolean {
  const [identity, ...others] = app.get(IDENTITY);
  const users = stack.all.filter((other) => other.get(IDENTITY).includes(identity));
  return is(app, 'identity.type', 'UserAssigned') && identity !== undefined && others.length === 0 && users.length === 1;
}

function reachesHostByIdentity(app: Asked): boolean {
  return (
    is(app, 'storage_authentication_type', 'UserAssignedIdentity') &&
    app.get('storage_access_key').length === 0 &&
    app.refers(`app_settings.${HOST}__accountName`).some(({ type }) => type === ACCOUNT) &&
    is(app, `app_settings.${HOST}__credential`, 'managedidentity') &&
    app.get(`app_settings.${HOST}__clientId`).length === 1
  );
}

/** .NET ignores the case of names, and the host uses an empty setting as a connection string too: Azure/azure-functions-host#11794. */
function isPlain(app: Asked): boolean {
  const broken = [HOST, PACKAGE].map((name) => name.toLowerCase());
  return Object.keys(settingsOf(app)).every((name) => !broken.includes(name.toLowerCase()));
}

function isSettled(app: Asked, stack: Stack): boolean {
  const of = (verb: string) =>
    stack
      .of('terraform_data')
      .filter((command) => names(command, 'provisioner.local-exec.environment.APP', app))
      .filter((command) => String(only(command, 'provisioner.local-exec.command')).includes(verb));
  const [settles, ...others] = of(SETTLES);
  return (
    settles !== undefined &&
    others.length === 0 &&
    is(settles, 'lifecycle.replace_triggered_by', app.id) &&
    [HOST, PACKAGE].every((name) => String(only(settles, 'provisioner.local-exec.command')).split(/[ ;]/).includes(name)) &&
    of(PUBLISHES).every((publishes) => publishes.before().has(settles.id))
  );
}

/** @see hashicorp/terraform-provider-azurerm#16569 */
function leavesTags(app: Asked): boolean {
  const left = app.get('lifecycle.ignore_changes');
  return ['resource-id', 'conn-string', 'instrumentation-key'].every((what) => left.includes(`tags["hidden-link: /app-insights-${what}"]`));
}

function runs(app: Asked, stack: Stack): Running {
  const around = [...app.refers(), ...stack.all.filter((other) => other.refers().some(({ id }) => id === app.id))];
  return {
    as: app.refers(IDENTITY)[0]?.id ?? '',
    settings: Object.fromEntries(Object.entries(settingsOf(app)).map(([name, value]) => [name, String(value)])),
    code: JSON.stringify(around.map(({ body }) => body)),
  };
}

/** What the Functions host does with the identity of the app, beside what the code does. */
function hostNeeds(app: Asked): Needed[] {
  const who = app.refers(IDENTITY)[0]?.id ?? '';
  const [storage] = app.refers('app_settings.AzureWebJobsStorage__accountName');
  const [insights] = app.refers(INSIGHTS);
  const reports = settingsOf(app).APPLICATIONINSIGHTS_AUTHENTICATION_STRING !== undefined;
  return [
    // https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
    ...permissionsOf('Storage Blob Data Owner').map((may) => ({
      who,
      may,
      on: storage?.id ?? 'the storage of its host',
      because: 'the Functions host keeps its locks and its package there, and requires this role',
    })),
    // https://learn.microsoft.com/azure/azure-functions/configure-monitoring#enable-application-insights-integration
    ...(reports
      ? [
          {
            who,
            may: 'data:Microsoft.Insights/Telemetry/Write',
            on: insights?.id ?? 'Application Insights',
            because: 'the Functions host reports there',
          },
        ]
      : []),
  ];
}

/** All permissions of a role, for a vendor that requires the role and does not document the single permissions. */
function permissionsOf(role: string): readonly string[] {
  return [...factsOf('azure').services.values()].flatMap(({ roles }) => roles?.[role]?.permissions ?? []);
}

/** How many messages of a queue an instance processes at the same time. Batches of hubs and of changes are counted one after the other. */
function concurrencyOf(app: Asked): number {
  const of = (setting: string) => amountOr(app, `app_settings.AzureFunctionsJobHost__extensions__${setting}`, 0);
  return Math.max(1, of('serviceBus__maxConcurrentCalls'), of('queues__batchSize') + of('queues__newBatchThreshold'));
}

/**
 * A call takes 100 ms, and 2 ms more for each event. Instances are billed while they execute calls, for at least a second: calls at the
 * same time are billed once.
 * https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#billing
 */
function appCosts(app: Asked, load: Load): Cost[] {
  const calls = load.calls(app);
  const busy = calls * 0.1 + load.events * 0.002;
  const seconds = calls === 0 ? 0 : Math.max(busy / concurrencyOf(app), Math.min(calls, 1));
  const gb = amountOr(app, 'instance_memory_in_mb', 2048) / 1024;
  const ready = app.get('always_ready.instance_count').reduce<number>((sum, count) => sum + Number(count), 0);
  const lower = 'A larger `batchSize`, and a longer `batchWindowSeconds`, of the delivery make fewer calls.';
  return [
    {
      what: 'execution time, 100 ms for each call and 2 ms for each event, and at least one second',
      price: 'flexTime',
      units: seconds * MONTH * gb,
      lower: 'A smaller `memoryMiB` of the processor, such as 512 for small events.',
    },
    { what: 'executions, one for each batch', price: 'flexExecutions', units: calls * MONTH, lower },
    {
      what: 'requests and traces in Application Insights, 5 kB for each call',
      price: 'logAnalytics',
      units: (calls * MONTH * 5000) / GB,
      lower,
    },
    {
      what: 'always ready instances',
      price: 'flexReady',
      units: ready * MONTH * gb,
      lower: 'No `alwaysReady`: the first event after a pause then waits for a cold start.',
    },
  ];
}
