import { factsOf } from '../../shared/read/facts/find';
import { promised } from '../../shared/read/facts/promise';
import type { Needed, Promised, TypeFacts } from '../../shared/read/facts/types';
import { type Draft, type Holder, remove, replace, set, type Which } from '../../shared/read/facts/weaken';
import { facts as joined } from '../../shared/read/picture';
import { type Asked, amount, is, only, type Stack } from '../../shared/read/stack';
import type { TfStack } from '../../shared/read/tf';

const ALERT = 'google_monitoring_alert_policy';
const THRESHOLD = 'conditions.condition_threshold.threshold_value';

/** The resource is not deleted with its stack. */
export const RETAINED: Promised = promised(
  'retained',
  'not be deleted with its stack, because it holds data',
  (resource) => is(resource, 'lifecycle.prevent_destroy', true),
  { 'it is deleted with its stack': set('lifecycle') },
);

/** An alert policy watches a metric of this resource, and has a threshold that is low enough. */
export function alertOn(watched: {
  /** What the alert is on, in a few words: `a dead letter`. */
  readonly what: string;
  /** The rule, as a text that follows "must". */
  readonly must: string;
  /** The metric, as it is in the filter. */
  readonly metric: string;
  /** The label that names the resource in the filter. */
  readonly label: string;
  readonly atMost: number;
}): Promised {
  const { what, must, metric, label, atMost } = watched;
  const watching: Which = ({ id }, draft) =>
    [...draft.resources].filter(([, { type, body }]) => type === ALERT && isOn(body, metric, id)).map(([alert]) => alert);
  const ownLabel = `resource.labels.${label} = "`;
  const fires = (resource: Asked) => (alert: Asked) => {
    const filter = String(only(alert, 'conditions.condition_threshold.filter'));
    return (
      !is(alert, 'enabled', false) &&
      [metric, ownLabel, `${resource.id}.`].every((part) => filter.includes(part)) &&
      amount(alert, THRESHOLD) <= atMost
    );
  };
  return promised('rings', must, (resource, stack) => stack.of(ALERT).some(fires(resource)), {
    [`there is no alert on ${what}`]: remove(watching),
    [`the alert on ${what} has a very high threshold`]: set('conditions.0.condition_threshold.threshold_value', 1e15, watching),
    [`the alert on ${what} watches all resources of the type`]: replace(/ AND resource\.labels\.\w+ = \\"[^"\\]*\\"/g, '', watching),
    [`the alert on ${what} is disabled`]: set('enabled', false, watching),
  });
}

/** The resource waits for all grants to the identities that it runs as, except for grants on itself. */
export function readyBeforeWork(...actsAs: readonly string[]): Promised {
  return promised(
    'ready-before-work',
    'wait for all grants to the identities that it runs as',
    (resource, stack) => {
      const identities = new Set(actsAs.flatMap((setting) => resource.refers(setting)).map(({ id }) => id));
      const earlier = resource.before();
      return grantsIn(stack)
        .filter((grant) => grant.refers('member').some(({ id }) => identities.has(id)))
        .every((grant) => earlier.has(grant.id) || grant.before().has(resource.id));
    },
    { 'it is created before its permissions': set('depends_on') },
  );
}

/** All resources that grant a role. */
export function grantsIn(stack: Stack): readonly Asked[] {
  return stack.all.filter(({ type }) => type.endsWith('_iam_member'));
}

/** All permissions of a role, for a role that Google requires without documenting the single permissions. */
export function allOf(role: string): readonly string[] {
  return [...factsOf('gcp').services.values()].flatMap(({ roles }) => roles?.[role]?.permissions ?? []);
}

/** The id of the first resource that a setting refers to. */
export function idOf(resource: Asked, setting: string): string | undefined {
  return resource.refers(setting)[0]?.id;
}

/** The permissions that a service needs to encrypt with a Cloud KMS key: https://cloud.google.com/kms/docs/cmek#service-agents. */
export function keyNeeds(resource: Asked, setting: string, who: string, because: string): Needed[] {
  const [key] = resource.get(setting);
  return key === undefined ? [] : encrypting(String(key), who, because);
}

/** The same for a key that no resource names. */
export function encrypting(key: string, who: string, because: string): Needed[] {
  return ['useToDecrypt', 'useToEncrypt'].map((verb) => ({ who, may: `cloudkms.cryptoKeyVersions.${verb}`, on: key, because }));
}

/** A service agent whose name has the number of the project. */
export function numberedAgent(stack: Stack, domain: string): string {
  const [project] = stack.of('data.google_project');
  return `serviceAccount:service-${project ? `\${${project.id}.number}` : 'NUMBER'}@${domain}.iam.gserviceaccount.com`;
}

/** The facts of a type that grants a role to one member, on one type of resource. */
export function iamMember(on: string, apis: readonly string[], more: Partial<TypeFacts> = {}): TypeFacts {
  const { promises = [], ...others } = more;
  return {
    name: `member of ${on}`,
    role: 'grants',
    apis,
    replacedBy: ['*'],
    promises: [NAMED, VARIABLE, NARROW, FOLLOWS, ...promises],
    local: 'no effect here',
    ...others,
  };
}

/** The types that set all members of a role, or of a resource. */
export function replacers(...types: readonly string[]): Readonly<Record<string, string>> {
  const why = 'it removes the grants of others. Grant the role to one member.';
  return Object.fromEntries(types.flatMap((type) => ['iam_binding', 'iam_policy'].map((kind) => [`${type}_${kind}`, why])));
}

const NAMED: Promised = promised(
  'public-member',
  'not be allUsers or allAuthenticatedUsers',
  (grant) => !/allUsers|allAuthenticatedUsers/.test(JSON.stringify([grant.body.member ?? '', grant.body.for_each ?? ''])),
  { 'it is for everyone with a Google account': set('member', 'allAuthenticatedUsers') },
);

const VARIABLE: Promised = {
  ...promised(
    'public-member',
    'refuse allUsers and allAuthenticatedUsers in a variable',
    (grant, stack) => {
      const { validation = [] } = (stack as TfStack).json.variable?.[variableOf(grant.body)!] ?? {};
      return /allUsers.*allAuthenticatedUsers/.test(JSON.stringify(validation));
    },
    { 'the variable has no validation': removeValidation },
  ),
  concerns: ({ body }) => variableOf(body) !== undefined,
};

/**
 * Whether a role is granted to an account that a workload identity pool may impersonate. Such an account deploys, so it needs admin
 * roles; the check of least privilege limits them.
 */
export function isOfDeployer(grant: Asked, stack: Stack): boolean {
  const accounts = new Set(grant.refers('member').map(({ id }) => id));
  return stack
    .of('google_service_account_iam_member')
    .some(
      (trust) =>
        is(trust, 'role', 'roles/iam.workloadIdentityUser') && trust.refers('service_account_id').some(({ id }) => accounts.has(id)),
    );
}

const NARROW: Promised = {
  ...promised(
    'narrow-role',
    'not be a basic role, an admin role or a role of a service agent',
    (grant) => !/^roles\/(owner|editor|viewer)$|admin$|serviceAgent$|builds\.builder$/i.test(String(only(grant, 'role'))),
    { 'it is the role Editor': set('role', 'roles/editor') },
  ),
  concerns: (grant, stack) => !isOfDeployer(grant, stack),
};

/** The value of a setting is known at plan. A grant that refers to it is not replaced with its resource, and is then missing. */
const FOLLOWS: Promised = {
  ...promised(
    'rights-follow',
    'be replaced in the same apply as its resource: refer to the id, which is known only after the apply',
    (grant) => grant.get('lifecycle.replace_triggered_by').length > 0 || referencesOf(grant).some(isComputed),
    { 'the grant is missing for one apply after its resource is replaced': referToSettings },
  ),
  concerns: (grant) => referencesOf(grant).length > 0,
};

/** The references of a grant to resources of the stack, such as `google_pubsub_topic.events.id`. */
function referencesOf({ body }: Asked): string[] {
  const { member: _who, for_each: _each, condition: _only, depends_on: _after, lifecycle: _life, '//': _note, ...on } = body;
  return [...JSON.stringify(on).matchAll(/\$\{(google_\w+\.[\w-]+\.\w+)\}/g)].map(([, reference]) => reference!);
}

/** Whether the value is known only after the apply. So is the name of a service account, which contains its email. */
function isComputed(reference: string): boolean {
  return reference.endsWith('.id') || (reference.startsWith('google_service_account.') && reference.endsWith('.name'));
}

function referToSettings(draft: Draft, { id, body: { lifecycle: _, ...before } }: Asked) {
  const named = JSON.stringify(before).replace(
    /(\$\{google_\w+\.[\w-]+)\.(id|name)\}/g,
    (_all, start, last) => `${start}.${last === 'id' ? 'name' : 'account_id'}}`,
  );
  const { body } = draft.resources.get(id)!;
  for (const key of Object.keys(body)) delete body[key];
  Object.assign(body, JSON.parse(named));
}

/** The variable in the `for_each` of a grant. */
function variableOf({ for_each }: Asked['body']): string | undefined {
  return /\bvar\.(\w+)/.exec(String(for_each ?? ''))?.[1];
}

function removeValidation(draft: Draft, { body }: Asked) {
  const variable: Holder = draft.resources.get(`variable.${variableOf(body)}`)!.body;
  delete variable.validation;
}

function isOn(body: unknown, metric: string, id: string): boolean {
  const text = JSON.stringify(body);
  return text.includes(JSON.stringify(metric).slice(1, -1)) && text.includes(`${id}.`);
}

/** How a subscription of Pub/Sub delivers its events, which of them, and how often it retries. */
export function wayOf(subscription: Asked, how: string, files?: string): string {
  const retries = amount(subscription, 'dead_letter_policy.max_delivery_attempts') - 1;
  const [shortest, longest] = ['minimum', 'maximum'].map((which) => only(subscription, `retry_policy.${which}_backoff`));
  const filter = only(subscription, 'filter');
  return joined(
    how,
    is(subscription, 'enable_message_ordering', true) && 'in order of each key',
    filter !== undefined && `only ${filter}`,
    files,
    retries > 0 && `${retries} retries`,
    shortest !== undefined && longest !== undefined && `${shortest} to ${longest} apart`,
  );
}
