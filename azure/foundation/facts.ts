import { type Cost, GB, type Load, MONTH } from '../../shared/read/facts/cost';
import { counted, setTo } from '../../shared/read/facts/promise';
import type { ServiceFacts, TypeFacts } from '../../shared/read/facts/types';
import { type Asked, only } from '../../shared/read/stack';
import { armId, LOG_ALERT, METRIC_ALERT, NAMED, SOMEBODY } from './promises';

/** The valid names of an alert. */
const ALERT = /^[^*#&+:<>?@%{}\\/]{1,259}[^*#&+:<>?@%{}\\/ .]$/;

const KEPT = 'No setting: each reports events that are late, refused or in the dead letter.';
/** The price factor of an alert that is evaluated more often than every 15 minutes. */
const FREQUENCY_FACTORS: Readonly<Record<string, number>> = { PT1M: 6, PT5M: 3, PT10M: 2 };

const watches = (name: string, named: RegExp, id: string, more: Partial<TypeFacts> = {}): TypeFacts => ({
  name,
  role: 'watches',
  named: ['name', named],
  computed: { id },
  local: 'no effect here',
  ...more,
});

/** What several services use: the resource group, identities, role assignments, logs and alerts. */
export const facts: ServiceFacts = {
  name: 'foundation',
  local: 'runs',
  // A deployment stands for the first resource of its template.
  kinds: {
    azurerm_resource_group_template_deployment: ({ template_content: text }) => /"type":"(Microsoft\.[^"]+)"/.exec(String(text))?.[1],
  },
  types: {
    'data.azurerm_client_config': {
      name: 'deployer',
      role: 'helps',
      computed: { subscription_id: SOMEBODY, tenant_id: SOMEBODY, client_id: SOMEBODY, object_id: SOMEBODY },
      local: 'no effect here',
    },
    azurerm_application_insights: watches(
      'Application Insights',
      /^[^%&\\?/#:<>]{1,259}[^%&\\?/#:<> .]$/,
      armId('Microsoft.Insights/components/acme'),
      {
        replacedBy: ['name', 'resource_group_name', 'location', 'application_type'],
        promises: [
          setTo({
            rule: 'no-keys',
            must: 'accept no keys',
            at: 'local_authentication_disabled',
            to: [true],
            weak: false,
            worse: 'anyone with its key may report to it',
          }),
        ],
        effective: /^(data:)?Microsoft\.(\*|Insights\/(\*|Metrics|Telemetry))/i,
      },
    ),
    azurerm_log_analytics_workspace: watches(
      'workspace for logs',
      /^[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]$/,
      armId('Microsoft.OperationalInsights/workspaces/acme'),
      {
        replacedBy: ['name', 'resource_group_name', 'location', 'sku?'],
        promises: [
          counted({
            rule: 'logs-end',
            must: 'keep logs for 30 to 730 days',
            at: 'retention_in_days',
            from: 30,
            to: 730,
            worse: 'the retention of logs is not set',
          }),
        ],
      },
    ),
    azurerm_monitor_diagnostic_setting: watches(
      'diagnostic setting',
      /^[^*<>%&:?+/\\]{1,260}$/,
      `${armId('Microsoft.EventHub/namespaces/acme-events')}|acme`,
      { replacedBy: ['name', 'target_resource_id'], costs: logCosts },
    ),
    [METRIC_ALERT]: watches('alert on a metric', ALERT, armId('Microsoft.Insights/metricAlerts/acme'), {
      replacedBy: ['name', 'resource_group_name'],
      costs: (alert) => [{ what: 'its metrics, by the month', price: 'metricAlert', units: alert.get('criteria').length, lower: KEPT }],
    }),
    [LOG_ALERT]: watches('alert on logs', ALERT, armId('Microsoft.Insights/scheduledQueryRules/acme'), {
      replacedBy: ['name', 'resource_group_name', 'location', 'scopes'],
      costs: (alert) => [
        {
          what: 'by the month',
          price: 'logAlert',
          units: FREQUENCY_FACTORS[String(only(alert, 'evaluation_frequency'))] ?? 1,
          lower: KEPT,
        },
      ],
    }),
    azurerm_management_lock: {
      name: 'lock',
      replacedBy: ['name', 'scope', 'lock_level', 'notes'],
      role: 'helps',
      named: ['name', /^[\w.()-]{1,260}$/],
      computed: { id: armId('Microsoft.Authorization/locks/acme') },
      local: 'no effect here',
    },
    azurerm_resource_group: {
      name: 'resource group',
      replacedBy: ['name', 'location'],
      role: 'helps',
      named: ['name', /^[\w()-][\w().-]{0,88}[\w()-]$/],
      computed: { id: `/subscriptions/${SOMEBODY}/resourceGroups/acme` },
      local: 'no effect here',
    },
    azurerm_role_assignment: {
      name: 'role assignment',
      replacedBy: ['*'],
      role: 'grants',
      computed: { id: `/subscriptions/${SOMEBODY}/providers/Microsoft.Authorization/roleAssignments/${SOMEBODY}` },
      local: 'no effect here',
    },
    azurerm_user_assigned_identity: {
      name: 'identity',
      replacedBy: ['name', 'resource_group_name', 'location'],
      role: 'helps',
      named: ['name', /^[a-zA-Z0-9][\w-]{2,127}$/],
      calledByStage: true,
      computed: {
        id: armId('Microsoft.ManagedIdentity/userAssignedIdentities/acme'),
        principal_id: SOMEBODY,
        client_id: SOMEBODY,
        tenant_id: SOMEBODY,
      },
      local: NAMED,
    },
  },
  harmless: [
    '@azure/identity ManagedIdentityCredential',
    'lossless-json parse.parse',
    'lossless-json stringify.stringify',
    'lossless-json utils.isInteger',
  ],
  // Data actions of Azure start with `data:`, because a wildcard over other actions does not include them.
  // https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
  roles: {
    Owner: { permissions: ['Microsoft.*'] },
    Contributor: { permissions: ['Microsoft.*/read', 'Microsoft.*/write', 'Microsoft.*/delete', 'Microsoft.*/action'] },
    'Monitoring Contributor': { permissions: ['Microsoft.*/read', 'Microsoft.Insights/*'] },
    'Monitoring Metrics Publisher': {
      permissions: [
        'data:Microsoft.Insights/Metrics/Write',
        'data:Microsoft.Insights/Telemetry/Write',
        'Microsoft.Insights/Register/Action',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Support/*',
      ],
      surplus: 'The role to report telemetry also allows to write custom metrics: Azure has no role without it.',
    },
  },
};

/** Its target writes 0.2 GB of metrics a month, and a log line of 1 kB for each call and each write. */
function logCosts(setting: Asked, load: Load): Cost[] {
  const lines = setting.refers('target_resource_id').map((target) => load.calls(target) + load.writes(target).count);
  const lower = 'A larger `batchSize`, and a longer `batchWindowSeconds`, of the delivery; `logQuotaGb` of the site limits all logs.';
  return [
    {
      what: 'metrics, 0.2 GB a month',
      price: 'logAnalytics',
      units: setting.get('enabled_metric').length > 0 ? 0.2 : 0,
      lower: 'No setting: the alert on functions that are not called reads them.',
    },
    {
      what: 'logs, 1 kB for each call and each write',
      price: 'logAnalytics',
      units: setting.get('enabled_log').length > 0 ? (lines.reduce((sum, line) => sum + line, 0) * MONTH * 1000) / GB : 0,
      lower,
    },
  ];
}
