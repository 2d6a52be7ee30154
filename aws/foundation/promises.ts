import { type CfnStack, refOf, text } from '../../shared/read/cfn';
import { grantsOf } from '../../shared/read/cfn-grants';
import type { Load } from '../../shared/read/facts/cost';
import { promised } from '../../shared/read/facts/promise';
import type { Needed, Promised } from '../../shared/read/facts/types';
import { both, type Draft, type Edit, filter, type Holder, type Json, remove, set, type Which } from '../../shared/read/facts/weaken';
import { type Asked, amount, names, only, type Stack } from '../../shared/read/stack';

const ALARM = 'AWS::CloudWatch::Alarm';
const POLICIES = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'];

/** It is retained when its stack is deleted, and when it is replaced. */
export const RETAINED: Promised = promised(
  'retained',
  'be retained when its stack is deleted or it is replaced, because it holds data; but not when the deploy that creates it fails',
  ({ id, retained }, stack) => retained && (stack as CfnStack).template.Resources[id]?.DeletionPolicy === 'RetainExceptOnCreate',
  {
    'it is retained after a failed first deploy': set('/DeletionPolicy', 'Retain'),
    'it is deleted with its stack': set('/DeletionPolicy', 'Delete'),
    'it has no deletion policy': set('/DeletionPolicy'),
    'it is deleted when it is replaced': set('/UpdateReplacePolicy', 'Delete'),
  },
);

/** There is an alarm on a metric of this resource, with a threshold that fits. */
export function alarmOn(metric: string, must: string, fits: (threshold: number) => boolean = (threshold) => threshold === 1): Promised {
  const watching: Which = ({ id }, draft) =>
    [...draft.resources].filter(([, { type, body }]) => type === ALARM && isOn(body, metric, id)).map(([alarm]) => alarm);
  return promised('rings', must, (resource, stack) => alarmsOn(resource, metric, stack).some((alarm) => fits(amount(alarm, 'Threshold'))), {
    [`no alarm on ${metric}`]: remove(watching),
    [`the alarm on ${metric} is never raised`]: set('Threshold', 1e15, watching),
    [`the alarm on ${metric} watches all resources of a type`]: watchAll(metric, watching),
  });
}

/** There is an alarm on a metric of another resource, such as the function that a resource calls, if it has one. */
export function alarmOnAnother(other: (resource: Asked) => Asked | undefined, metric: string, must: string): Promised {
  const { holds, weakenings, ...says } = alarmOn(metric, must);
  return {
    ...says,
    concerns: (resource) => other(resource) !== undefined,
    holds: (resource, stack) => holds(other(resource)!, stack),
    weakenings: Object.fromEntries(Object.entries(weakenings).map(([name, edit]) => [name, (draft, one) => edit(draft, other(one)!)])),
  };
}

/** A policy denies requests without TLS. */
export function tlsOnly(policy: string, whole: (id: string) => readonly string[]): Promised {
  const policies: Which = ({ id }, draft) =>
    [...draft.resources]
      .filter(([, { type, body }]) => type === policy && JSON.stringify(body).includes(`"${id}"`))
      .map(([found]) => found);
  const isTls = (one: Json) => JSON.stringify(one).includes('SecureTransport');
  return promised(
    'tls-only',
    'deny requests without TLS',
    (resource, stack) => refuses(resource, stack, 'Bool aws:SecureTransport', 'false', whole(resource.id)),
    {
      'requests without TLS are not denied': filter('PolicyDocument.Statement', (one) => !isTls(one), policies),
      'the policy is missing': remove(policies),
    },
  );
}

/** Whether a policy denies all actions on the whole resource to everyone, under one condition. */
export function refuses(_: Asked, stack: Stack, test: string, value: string, whole: readonly string[]): boolean {
  return grantsOf(stack as CfnStack).some(
    ({ holder, denied, actions, on, conditions }) =>
      holder === 'everyone' &&
      denied &&
      actions.some((action) => action.endsWith(':*')) &&
      whole.every((part) => on.includes(part)) &&
      conditions.length === 1 &&
      conditions[0]?.test === test &&
      text(conditions[0].value) === value,
  );
}

/** It is created after the policies of its role. */
export function readyBeforeWork(role: (resource: Asked, stack: Stack) => Asked | undefined): Promised {
  return promised(
    'ready-before-work',
    'be created after the policies of its role',
    (resource, stack) => policiesOf(role(resource, stack), stack).every(({ id }) => resource.before().has(id)),
    { 'it is created before its permissions': both(set('/DependsOn'), forgetPolicies) },
  );
}

/** The policies of a role. */
export function policiesOf(role: Asked | undefined, stack: Stack): readonly Asked[] {
  return stack.of(...POLICIES).filter((policy) => names(policy, 'Roles', role));
}

/** Removes the dependencies that lead to the policies through other resources. */
const forgetPolicies: Edit = (draft) => {
  for (const { body } of draft.resources.values()) if (Array.isArray(body.DependsOn)) delete body.DependsOn;
};

/** The paths of the metrics of an alarm: its own, or those of its expression. */
const METRICS = ['', 'Metrics.MetricStat.Metric.'];

/** An edit that removes the dimensions of an alarm, so that it watches all resources of a type. */
export function watchAll(metric: string | undefined, which: Which): Edit {
  return (draft: Draft, resource: Asked) => {
    const bodies = which(resource, draft).map((id) => draft.resources.get(id)!.body.Properties as Holder);
    const watched = bodies.flatMap((body) => [body, ...((body.Metrics ?? []) as Holder[]).map(({ MetricStat }) => metricIn(MetricStat))]);
    const found = watched.filter((one) => one?.Dimensions !== undefined && (metric === undefined || one.MetricName === metric));
    if (found.length === 0) throw new Error(`No alarm beside ${resource.id} has dimensions.`);
    for (const one of found) delete one!.Dimensions;
  };
}

function metricIn(stat: Json | undefined): Holder | undefined {
  return (stat as Holder | undefined)?.Metric as Holder | undefined;
}

/** Whether each metric of an alarm has dimensions, so that it is the metric of one resource. */
export function watchesOne(alarm: Asked): boolean {
  const metrics = [...alarm.get('Metrics.MetricStat.Metric'), ...(alarm.get('MetricName').length > 0 ? [alarm.body] : [])];
  return metrics.length > 0 && metrics.every((metric) => ((metric as Holder).Dimensions as Json[] | undefined)?.length);
}

function alarmsOn(resource: Asked, metric: string, stack: Stack): readonly Asked[] {
  const isOf = (alarm: Asked) =>
    METRICS.some((at) => alarm.get(`${at}MetricName`).includes(metric) && names(alarm, `${at}Dimensions.Value`, resource));
  return stack.of(ALARM).filter((alarm) => watchesOne(alarm) && isOf(alarm));
}

function isOn(body: unknown, metric: string, id: string): boolean {
  const text = JSON.stringify(body);
  return text.includes(`"MetricName":"${metric}"`) && text.includes(`"${id}"`);
}

/**
 * What a Spark job needs for its stores, by the settings that name them: `SOURCE_BUCKET` and `SOURCE_PREFIX`. One with a
 * `..._FAILED_PREFIX` is also written.
 */
export function filesNeeds(who: string, settings: Readonly<Record<string, string>>): Needed[] {
  return Object.keys(settings).flatMap((setting): Needed[] => {
    const [, name] = /^(\w+)_BUCKET$/.exec(setting) ?? [];
    const prefix = settings[`${name}_PREFIX`];
    if (name === undefined || prefix === undefined) return [];
    const on = settings[setting]!;
    const failed = settings[`${name}_FAILED_PREFIX`];
    const prefixes = failed === undefined ? [prefix] : [prefix, failed];
    const actions = ['GetObject', ...(failed === undefined ? [] : ['AbortMultipartUpload', 'DeleteObject', 'PutObject'])];
    const folders = prefixes.flatMap((one) => [...one.matchAll(/\//g)].map(({ index }) => one.slice(0, index)));
    const because = `Spark ${failed === undefined ? 'reads' : 'reads and replaces'} the files of ${name}`;
    return [
      ...prefixes.flatMap((one) => actions.map((action) => ({ who, may: `s3:${action}`, on: `${on}/${one}*`, because }))),
      ...folders.map((folder) => ({ who, may: 's3:GetObject', on: `${on}/${folder}`, because: 'Spark asks whether a folder is a file' })),
      { who, may: 's3:ListBucket', on, because },
    ];
  });
}

/** The state machines that start a resource, each with its role. */
export function startersOf(target: Asked, stack: Stack): readonly { readonly machine: Asked; readonly who: string }[] {
  const machines = stack.of('AWS::StepFunctions::StateMachine').filter((machine) => names(machine, 'DefinitionString', target));
  return machines.map((machine) => ({ machine, who: refOf(only(machine, 'RoleArn')) ?? '' }));
}

/** How many new objects a second a queue gets the events of. `undefined` if it gets other events. */
export function objectsInto(queue: Asked, load: Load): number | undefined {
  const rules = load.stack.all.filter((rule) => names(rule, 'Targets.Arn', queue));
  const [store] = rules.flatMap((rule) => rule.refers('EventPattern.detail.bucket.name'));
  return store && load.writes(store).count;
}
