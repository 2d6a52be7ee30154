import type { Treatments } from '../../shared/read/facts/local';
import { promised } from '../../shared/read/facts/promise';
import type { Promised } from '../../shared/read/facts/types';
import { every, remove, set, type Which } from '../../shared/read/facts/weaken';
import { type Asked, amount, type Body, is, names, only, type Stack } from '../../shared/read/stack';

export const METRIC_ALERT = 'azurerm_monitor_metric_alert';
export const LOG_ALERT = 'azurerm_monitor_scheduled_query_rules_alert_v2';
const DIAGNOSTICS = 'azurerm_monitor_diagnostic_setting';

/** What may fail within a quarter of an hour before somebody must hear of it. */
const A_FEW = 10;

/** How settings start that say where to write what is given up. */
const DEAD_LETTER = 'DEAD_LETTER_';

export const SOMEBODY = '00000000-0000-0000-0000-000000000000';

/** The id of a resource as Azure writes it and the provider parses it: `armId('Microsoft.Storage/storageAccounts/acme')`. */
export function armId(resource: string): string {
  return `/subscriptions/${SOMEBODY}/resourceGroups/acme/providers/${resource}`;
}

/** What the local run does with what Terraform itself reads in any resource. */
export const META: Treatments = { depends_on: 'no effect here', 'lifecycle.prevent_destroy': 'no effect here' };
/** What it does with what nearly every resource of Azure has besides. */
export const NAMED: Treatments = {
  name: 'emulated',
  location: 'no effect here',
  resource_group_name: 'no effect here',
  tags: 'no effect here',
  ...META,
};

/** It is not destroyed with its stack. */
export const RETAINED: Promised = promised('retained', 'not be destroyed with its stack, since it holds data', ({ retained }) => retained, {
  'it goes with its stack': set('lifecycle'),
});

/** All of its logs are kept in a workspace. */
export const ON_RECORD: Promised = promised(
  'on-record',
  'have all of its logs in a workspace',
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
    'it leaves no logs': remove(referring(DIAGNOSTICS)),
    'it sends metrics and no logs': set('enabled_log', undefined, referring(DIAGNOSTICS)),
  },
);

/** What opens something to whoever has it. The connection string of Application Insights opens nothing, since its keys are off. */
const SECRET = /(access_key|connection_string|_sas|shared_key|password)$/;

/** It refers to no key. A weakening puts one into a setting of it. */
export function noSecret(setting: string): Promised {
  return promised(
    'no-secret',
    'be given no key, no password and no connection string',
    ({ body }) =>
      [...JSON.stringify(body).matchAll(/\b(azurerm_\w+)\.[\w-]+\.([\w.[\]*]+)/g)].every(
        ([, type, attribute]) => type === 'azurerm_application_insights' || !SECRET.test(attribute!),
      ),
    { 'it is given a key': set(setting, (draft) => draft.reference(draft.id('azurerm_storage_account'), 'primary_access_key')) },
  );
}

/** An alert rings as soon as a metric of it is above a few: clients try again, and one failure wakes nobody. `reported` is where the metric is kept, when that is another resource. */
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
          amount(alert, 'criteria.threshold') <= A_FEW &&
          reported(resource).some((watched) => names(alert, 'scopes', watched)),
      ),
    {
      [`nobody hears of ${metric}`]: remove(alerts),
      [`${metric} must be enormous to ring`]: set('criteria.0.threshold', 1e15, alerts),
      [`the alert on ${metric} is switched off`]: set('enabled', false, alerts),
    },
  );
}

/** What a reader is told of a setting. Nothing where it is not set. */
export function told(resource: Asked, setting: string, say: (value: string) => string): string | undefined {
  const value = only(resource, setting);
  return value === undefined ? undefined : say(String(value));
}

/** The application settings of whatever has some. */
export function settingsOf(resource: Asked): Body {
  const [settings] = resource.get('app_settings');
  return typeof settings === 'object' && settings !== null ? (settings as Body) : {};
}

/** Where somebody writes what is given up, and nothing else. */
export function deadLettersOf(resource: Asked): readonly Asked[] {
  const all = Object.keys(settingsOf(resource)).map((name) => ({ name, to: resource.refers(`app_settings.${name}`) }));
  const others = all.filter(({ name }) => !name.startsWith(DEAD_LETTER)).flatMap(({ to }) => to.map(({ id }) => id));
  return all.filter(({ name }) => name.startsWith(DEAD_LETTER)).flatMap(({ to }) => to.filter(({ id }) => !others.includes(id)));
}

/** Whether somebody writes there what is given up. */
export function isDeadLetter(resource: Asked, stack: Stack): boolean {
  return stack.all.some((writer) =>
    Object.keys(settingsOf(writer)).some((name) => name.startsWith(DEAD_LETTER) && names(writer, `app_settings.${name}`, resource)),
  );
}

/** The alerts of a type that are switched on. */
export function alertsOf(type: string, stack: Stack): readonly Asked[] {
  return stack.of(type).filter((alert) => !is(alert, 'enabled', false));
}

/** The resources of a type that refer to it. */
export function referring(type: string): Which {
  return (resource, draft) =>
    every(type)(resource, draft).filter((id) => JSON.stringify(draft.resources.get(id)?.body).includes(`{${resource.id}.`));
}

/** Whether an alert rings as soon as there is one. */
export function atTheFirst(alert: Asked): boolean {
  return is(alert, 'criteria.operator', 'GreaterThan') && amount(alert, 'criteria.threshold') === 0;
}
