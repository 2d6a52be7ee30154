import { factsOf } from '../../../shared/read/facts/find';
import { fitting } from '../../../shared/read/facts/local';
import { promised, setTo } from '../../../shared/read/facts/promise';
import type { Needed, Running, ServiceFacts } from '../../../shared/read/facts/types';
import { replace, set } from '../../../shared/read/facts/weaken';
import { type Asked, is, only, type Stack } from '../../../shared/read/stack';
import { alertOn, armId, META, NAMED, noSecret, ON_RECORD, settingsOf, told } from '../../foundation/promises';

const IDENTITY = 'identity.identity_ids';
const INSIGHTS = 'site_config.application_insights_connection_string';
const nothing = 'no effect here';

export const facts: ServiceFacts = {
  name: 'Functions',
  local: 'runs',
  types: {
    azurerm_function_app_flex_consumption: {
      name: 'function app',
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
          'the host is given a connection string': set('app_settings.AzureWebJobsStorage', (draft) =>
            draft.reference(draft.id('azurerm_storage_account'), 'primary_connection_string'),
          ),
          'the provider gives the host a connection string': set('app_settings.AzureWebJobsStorage'),
        }),
        noSecret('app_settings.KEY'),
        ON_RECORD,
        alertOn('requests/failed', 'have an alert that rings when a call fails', (app) => app.refers(INSIGHTS)),
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
      needs: hostNeeds,
      computed: { id: armId('Microsoft.Web/sites/acme') },
      local: {
        ...NAMED,
        app_settings: 'emulated',
        identity: 'emulated',
        instance_memory_in_mb: 'emulated',
        runtime_name: fitting(/^node$/, 'Node.js'),
        // It runs on the Node.js that runs this.
        runtime_version: nothing,
        maximum_instance_count: nothing,
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
      role: 'helps',
      named: ['name', /^[\w-]{1,60}$/],
      computed: { id: armId('Microsoft.Web/serverFarms/acme') },
      local: nothing,
    },
    terraform_data: {
      name: 'command at deploy',
      role: 'helps',
      promises: [noSecret('triggers_replace.key')],
      schema: { settings: ['input', 'triggers_replace'], computed: ['id', 'output'] },
      local: {
        ...META,
        triggers_replace: nothing,
        'provisioner.local-exec.command': fitting(/\baz functionapp deployment source config-zip\b/, 'the command that publishes code'),
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
    settingsOf(app).AzureWebJobsStorage === ''
  );
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
