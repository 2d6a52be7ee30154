import { amountOr, type Cost, GB, type Load, MONTH } from '../../../shared/read/facts/cost';
import { factsOf } from '../../../shared/read/facts/find';
import { fitting } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Running, ServiceFacts } from '../../../shared/read/facts/types';
import { remove, replace, set, type Which } from '../../../shared/read/facts/weaken';
import { type Asked, is, names, only, type Stack } from '../../../shared/read/stack';
import { alertOn, armId, META, NAMED, noSecret, ON_RECORD, referring, settingsOf, told } from '../../foundation/promises';

const IDENTITY = 'identity.identity_ids';
const INSIGHTS = 'site_config.application_insights_connection_string';
const APP = 'azurerm_function_app_flex_consumption';
const ACCOUNT = 'azurerm_storage_account';
const HOST = 'AzureWebJobsStorage';
const PACKAGE = 'DEPLOYMENT_STORAGE_CONNECTION_STRING';
const SETTLES = 'az functionapp config appsettings delete';
const PUBLISHES = 'az functionapp deployment source config-zip';
const nothing = 'no effect here';

/** The commands at deploy that begin so. */
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
        told(app, 'instance_memory_in_mb', (size) => `${size} MB`),
        told(app, 'maximum_instance_count', (most) => `up to ${most} instances`),
      ],
      // Azure takes 60 characters, and the host tells apps of one storage account apart by the first 32.
      named: ['name', /^[a-zA-Z0-9][a-zA-Z0-9-]{0,30}[a-zA-Z0-9]$/],
      promises: [
        promised('own-identity', 'run as one identity, which no other app runs as', hasOwnIdentity, {
          'it runs as an identity that nobody has granted anything': set('identity', { type: 'SystemAssigned' }),
        }),
        setTo({
          rule: 'https-only',
          must: 'answer over HTTPS alone',
          at: 'https_only',
          to: [true],
          weak: false,
          worse: 'it answers without TLS',
        }),
        promised(
          'tls',
          'refuse TLS below 1.2, also where code is published',
          (app) => ['minimum', 'scm_minimum'].every((which) => is(app, `site_config.${which}_tls_version`, '1.2', '1.3')),
          {
            'it answers with an old TLS': set('site_config.minimum_tls_version', '1.0'),
            'code is published over an old TLS': set('site_config.scm_minimum_tls_version', '1.0'),
          },
        ),
        setTo({
          rule: 'no-keys',
          must: 'take code from those alone who sign in with Entra',
          at: 'webdeploy_publish_basic_authentication_enabled',
          to: [false],
          weak: true,
          worse: 'code is published with a password',
        }),
        promised('no-keys', 'reach the storage of its host with its identity', reachesHostByIdentity, {
          'it reaches its package with a key': set('storage_authentication_type', 'StorageAccountConnectionString'),
          'the host is not told where its storage is': set('app_settings.AzureWebJobsStorage__accountName'),
          'the host signs in to its storage as nobody': set('app_settings.AzureWebJobsStorage__credential'),
        }),
        promised('starts', 'be given no connection string for its storage, not even an empty one: its triggers would not start', isPlain, {
          'the host is given a connection string': set('app_settings.AzureWebJobsStorage', (draft) =>
            draft.reference(draft.id(ACCOUNT), 'primary_connection_string'),
          ),
          'the host is given an empty connection string': set('app_settings.AzureWebJobsStorage', ''),
          'the host is given one under a name in other letters': set('app_settings.AZUREWEBJOBSSTORAGE', ''),
          'the package is reached by a connection string': set('app_settings.DEPLOYMENT_STORAGE_CONNECTION_STRING', ''),
        }),
        promised(
          'starts',
          'be rid of the connection string that the provider writes, after each change of it and before its code',
          isSettled,
          {
            'nobody takes out what the provider writes': remove(commands(SETTLES)),
            'what the provider writes is taken out once, and not after each change': set('lifecycle', undefined, commands(SETTLES)),
            'only one of the two is taken out': replace(' DEPLOYMENT_STORAGE_CONNECTION_STRING', '', commands(SETTLES)),
            'code comes in before the host can start': set('depends_on', undefined, commands(PUBLISHES)),
          },
        ),
        promised('starts', 'leave the tags alone that Azure puts on it: each apply would take them off, and break it', leavesTags, {
          'it is changed at each apply': set('lifecycle'),
        }),
        noSecret('app_settings.KEY'),
        ON_RECORD,
        alertOn('requests/failed', 'have an alert that rings when calls keep failing', (app) => app.refers(INSIGHTS)),
      ],
      weakenings: {
        'it starts before anything is granted to it': set('depends_on'),
        'it starts before something is granted to it': replace(/"azurerm_role_assignment\.[^"]+",/, ''),
      },
      answered: {
        'ready-before-work': 'It acts as its identity, and whoever reads references holds that it waits for what that is granted.',
      },
      actsAs: [IDENTITY],
      runs,
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
        // It runs on the Node.js that runs this.
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
          'a command that settles an app or publishes code',
        ),
        'provisioner.local-exec.environment': 'emulated',
        'provisioner.local-exec.interpreter': nothing,
      },
    },
  },
  harmless: ['@azure/functions app.generic', '@azure/functions InvocationContext.error', '@azure/functions InvocationContext.info'],
};

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

/** Settings are one for .NET whatever the case of their names, and an empty one is a connection string too: Azure/azure-functions-host#11794. */
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

/** What the Functions host does as the identity of the app, beside what the code does. */
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
      because: 'the Functions host keeps its locks and its package there, and asks for this role',
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

/** All that a role allows, where a vendor asks for the role and does not say what for. */
function permissionsOf(role: string): readonly string[] {
  return [...factsOf('azure').services.values()].flatMap(({ roles }) => roles?.[role]?.permissions ?? []);
}

/** A call takes 100 ms, and 2 ms more for each event. A second is billed at least. */
function appCosts(app: Asked, load: Load): Cost[] {
  const calls = load.calls(app);
  const seconds = calls === 0 ? 0 : Math.max(calls, calls * 0.1 + load.events * 0.002);
  const gb = amountOr(app, 'instance_memory_in_mb', 2048) / 1024;
  const ready = app.get('always_ready.instance_count').reduce<number>((sum, count) => sum + Number(count), 0);
  const lower = 'A larger `batchSize`, and a longer `batchWindowSeconds`, of the delivery make fewer calls.';
  return [
    {
      what: 'time, 100 ms a call and 2 ms an event, a second at least',
      price: 'flexTime',
      units: seconds * MONTH * gb,
      lower: 'A smaller `memoryMiB` of the processor, such as 512 where events are small.',
    },
    { what: 'calls, one a batch', price: 'flexExecutions', units: calls * MONTH, lower },
    { what: 'requests and traces in Application Insights, 5 kB a call', price: 'logAnalytics', units: (calls * MONTH * 5000) / GB, lower },
    {
      what: 'instances that are always ready',
      price: 'flexReady',
      units: ready * MONTH * gb,
      lower: 'No `alwaysReady`: the first event after a pause waits for a cold start.',
    },
  ];
}
