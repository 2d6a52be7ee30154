import type { Treatments } from '../../shared/read/facts/local';
import { promised } from '../../shared/read/facts/promise';
import type { Promised } from '../../shared/read/facts/types';
import { every, remove, set, type Which } from '../../shared/read/facts/weaken';
import { type Asked, amount, type Body, is, names, only, type Stack } from '../../shared/read/stack';

export const METRIC_ALERT = 'azurerm_monitor_metric_alert';
export const LOG_ALERT = 'azurerm_monitor_scheduled_query_rules_alert_v2';
const DIAGNOSTICS = 'azurerm_monitor_diagnostic_setting';

/** The highest threshold of an alert on failures within 15 minutes. */
const MAX_THRESHOLD = 10;

/** The start of the app settings that name the dead letter. */
const DEAD_LETTER = 'DEAD_LETTER_';

export const SOMEBODY = '00000000-0000-0000-0000-000000000000';

/** The id of a resource as Azure writes it and the provider parses it: `armId('Microsoft.Storage/storageAccounts/acme')`. */
export function armId(resource: string): string {
  return `/subscriptions/${SOMEBODY}/resourceGroups/acme/providers/${resource}`;
}

/** How the local run treats the meta-arguments of Terraform. */
export const META: Treatments = { depends_on: 'no effect here', 'lifecycle.prevent_destroy': 'no effect here' };
/** How the local run treats the arguments that nearly every Azure resource has. */
export const NAMED: Treatments = {
  name: 'emulated',
  location: 'no effect here',
  resource_group_name: 'no effect here',
  tags: 'no effect here',
  ...META,
};

/** The resource is not deleted with its stack. */
export const RETAINED: Promised = promised('retained', 'not be deleted with its stack, because it holds data', ({ retained }) => retained, {
  'it is deleted with its stack': set('lifecycle'),
});

/** A diagnostic setting sends all logs to a workspace. */
export const ON_RECORD: Promised = promised(
  'on-record',
  'send all logs to a workspace',
  (resource, stack) =>
    stack
      .of(DIAGNOSTICS)
      .some(
        (setting) =>
          names(setting, 'target_resource_id', resource) &&
          is(setting, 'enabled_log.category_group', 'allLogs') &&
          setting.get('log_analytics_workspace_id').length === 1,
      ),
  {
    'it has no logs': remove(referring(DIAGNOSTICS)),
    'it sends metrics but no logs': set('enabled_log', undefined, referring(DIAGNOSTICS)),
  },
);

/** Attributes that are secrets. The connection string of Application Insights is none, because its local authentication is disabled. */
const SECRET = /(access_key|connection_string|_sas|shared_key|password)$/;

/** The resource refers to no key. The weakening puts a key into one of its settings. */
export function noSecret(setting: string): Promised {
  return promised(
    'no-secret',
    'have no key, no password and no connection string in its settings',
    ({ body }) =>
      [...JSON.stringify(body).matchAll(/\b(azurerm_\w+)\.[\w-]+\.([\w.[\]*]+)/g)].every(
        ([, type, attribute]) => type === 'azurerm_application_insights' || !SECRET.test(attribute!),
      ),
    { 'it has a key in its settings': set(setting, (draft) => draft.reference(draft.id('azurerm_storage_account'), 'primary_access_key')) },
  );
}

/** An alert fires if a metric of the resource is above a low threshold. `reported` returns the resource that has the metric, if it is another one. */
export function alertOn(
  metric: string,
  must: string,
  reported: (resource: Asked) => readonly Asked[] = (resource) => [resource],
): Promised {
  const alerts: Which = (resource, draft) =>
    every(METRIC_ALERT)(resource, draft).filter((alert) => {
      const text = JSON.stringify(draft.resources.get(alert)?.body);
      return text.includes(`"metric_name":"${metric}"`) && reported(resource).some(({ id }) => text.includes(`{${id}.`));
    });
  return promised(
    'rings',
    must,
    (resource, stack) =>
      alertsOf(METRIC_ALERT, stack).some(
        (alert) =>
          is(alert, 'criteria.metric_name', metric) &&
          is(alert, 'criteria.operator', 'GreaterThan') &&
          amount(alert, 'criteria.threshold') <= MAX_THRESHOLD &&
          reported(resource).some((watched) => names(alert, 'scopes', watched)),
      ),
    {
      [`there is no alert on ${metric}`]: remove(alerts),
      [`the alert on ${metric} has a very high threshold`]: set('criteria.0.threshold', 1e15, alerts),
      [`the alert on ${metric} is disabled`]: set('enabled', false, alerts),
    },
  );
}

/** The text for a setting, or undefined if it is not set. */
export function textOf(resource: Asked, setting: string, format: (value: string) => string): string | undefined {
  const value = only(resource, setting);
  return value === undefined ? undefined : format(String(value));
}

/** The app settings of a resource, if it has any. */
export function settingsOf(resource: Asked): Body {
  const [settings] = resource.get('app_settings');
  return typeof settings === 'object' && settings !== null ? (settings as Body) : {};
}

/** The dead letters of a resource that nothing else of it refers to. */
export function deadLettersOf(resource: Asked): readonly Asked[] {
  const all = Object.keys(settingsOf(resource)).map((name) => ({ name, to: resource.refers(`app_settings.${name}`) }));
  const others = all.filter(({ name }) => !name.startsWith(DEAD_LETTER)).flatMap(({ to }) => to.map(({ id }) => id));
  return all.filter(({ name }) => name.startsWith(DEAD_LETTER)).flatMap(({ to }) => to.filter(({ id }) => !others.includes(id)));
}

/** Whether an app uses the resource as its dead letter. */
export function isDeadLetter(resource: Asked, stack: Stack): boolean {
  return stack.all.some((writer) =>
    Object.keys(settingsOf(writer)).some((name) => name.startsWith(DEAD_LETTER) && names(writer, `app_settings.${name}`, resource)),
  );
}

/** The enabled alerts of a type. */
export function alertsOf(type: string, stack: Stack): readonly Asked[] {
  return stack.of(type).filter((alert) => !is(alert, 'enabled', false));
}

/** The resources of a type that refer to a resource. */
export function referring(type: string): Which {
  return (resource, draft) =>
    every(type)(resource, draft).filter((id) => JSON.stringify(draft.resources.get(id)?.body).includes(`{${resource.id}.`));
}

/** Whether an alert fires at the first result. */
export function atTheFirst(alert: Asked): boolean {
  return is(alert, 'criteria.operator', 'GreaterThan') && amount(alert, 'criteria.threshold') === 0;
}

/**
 * Whether the resource is host storage of an app and nothing else: it holds no data, and may be deleted.
 * @see https://learn.microsoft.com/azure/azure-functions/storage-considerations
 */
export function isHost(resource: Asked, stack: Stack): boolean {
  const isUsed = (one: Asked) => stack.all.some((app) => names(app, 'storage_container_endpoint', one));
  const within = stack.of('azurerm_storage_container').filter((container) => names(container, 'storage_account_id', resource));
  return isUsed(resource) && within.every(isUsed);
}

/** Whether a storage account has a hierarchical namespace. Such an account has no versions. */
export function isLake(account: Asked): boolean {
  return is(account, 'is_hns_enabled', true);
}

const COPIES = ['LRS', 'ZRS', 'GRS', 'GZRS'] as const;

/** The redundancy of a storage account. Read access to the secondary region is not counted. */
export function copiesOf(account: Asked): (typeof COPIES)[number] {
  return COPIES.find((copies) => is(account, 'account_replication_type', copies, `RA${copies}`)) ?? 'LRS';
}

/** A promise of whatever holds data, and not of host storage. */
export function ofData(promise: Promised): Promised {
  return { ...promise, concerns: (resource, stack) => !isHost(resource, stack) };
}
