import { factsOf } from '../../shared/read/facts/find';
import { promised } from '../../shared/read/facts/promise';
import type { Needed, Promised, TypeFacts } from '../../shared/read/facts/types';
import { type Draft, type Holder, remove, replace, set, type Which } from '../../shared/read/facts/weaken';
import { type Asked, amount, is, only, type Stack } from '../../shared/read/stack';
import type { TfStack } from '../../shared/read/tf';

const ALERT = 'google_monitoring_alert_policy';
const THRESHOLD = 'conditions.condition_threshold.threshold_value';

/** It stays when its stack is destroyed. */
export const RETAINED: Promised = promised(
  'retained',
  'not be destroyed with its stack, since it holds data',
  (resource) => is(resource, 'lifecycle.prevent_destroy', true),
  { 'it goes with its stack': set('lifecycle') },
);

/** An alert policy watches a metric of this very resource, and rings when the threshold fits. */
export function alertOn(watched: {
  /** What rings, in a few words: `a dead letter`. */
  readonly what: string;
  /** What must be so, after "must". */
  readonly must: string;
  /** What stands in the filter of the metric. */
  readonly metric: string;
  /** The label that names the resource in the filter. */
  readonly label: string;
  readonly atMost: number;
}): Promised {
  const { what, must, metric, label, atMost } = watched;
  const watching: Which = ({ id }, draft) =>
    [...draft.resources].filter(([, { type, body }]) => type === ALERT && isOn(body, metric, id)).map(([alert]) => alert);
  const itsOwn = `resource.labels.${label} = "`;
  const rings = (resource: Asked) => (alert: Asked) => {
    const filter = String(only(alert, 'conditions.condition_threshold.filter'));
    return (
      !is(alert, 'enabled', false) &&
      [metric, itsOwn, `\${${resource.id}.`].every((part) => filter.includes(part)) &&
      amount(alert, THRESHOLD) <= atMost
    );
  };
  return promised('rings', must, (resource, stack) => stack.of(ALERT).some(rings(resource)), {
    [`nobody hears of ${what}`]: remove(watching),
    [`the alert on ${what} rings too late`]: set('conditions.0.condition_threshold.threshold_value', 1e15, watching),
    [`one incident for ${what} of all of a kind`]: replace(/ AND resource\.labels\.\w+ = [^}]*}\\"/, '', watching),
    [`the alert on ${what} is switched off`]: set('enabled', false, watching),
  });
}

/** It waits for everything that those may do whom it acts as, unless the grant is for itself. */
export function readyBeforeWork(...actsAs: readonly string[]): Promised {
  return promised(
    'ready-before-work',
    'wait for everything that those may do whom it acts as',
    (resource, stack) => {
      const identities = new Set(actsAs.flatMap((setting) => resource.refers(setting)).map(({ id }) => id));
      const earlier = resource.before();
      return grantsIn(stack)
        .filter((grant) => grant.refers('member').some(({ id }) => identities.has(id)))
        .every((grant) => earlier.has(grant.id) || grant.before().has(resource.id));
    },
    { 'it is made before its permissions': set('depends_on') },
  );
}

/** Everything that gives a role to somebody. */
export function grantsIn(stack: Stack): readonly Asked[] {
  return stack.all.filter(({ type }) => type.endsWith('_iam_member'));
}

/** All that a role allows, where Google asks for a role and does not say what for. */
export function allOf(role: string): readonly string[] {
  return [...factsOf('gcp').services.values()].flatMap(({ roles }) => roles?.[role]?.permissions ?? []);
}

/** The id of the first resource that a setting refers to. */
export function idOf(resource: Asked, setting: string): string | undefined {
  return resource.refers(setting)[0]?.id;
}

/** What a service takes that encrypts with a key in Cloud KMS: https://cloud.google.com/kms/docs/cmek#service-agents. */
export function keyNeeds(resource: Asked, setting: string, who: string, because: string): Needed[] {
  const [key] = resource.get(setting);
  if (key === undefined) return [];
  return ['useToDecrypt', 'useToEncrypt'].map((verb) => ({ who, may: `cloudkms.cryptoKeyVersions.${verb}`, on: String(key), because }));
}

/** What gives a role to one member, on a resource of one kind. */
export function iamMember(on: string, apis: readonly string[], more: Partial<TypeFacts> = {}): TypeFacts {
  const { promises = [], ...others } = more;
  return {
    name: `member of ${on}`,
    role: 'grants',
    apis,
    replacedBy: ['*'],
    promises: [NAMED, ASKED_FOR, NARROW, FOLLOWS, ...promises],
    local: 'no effect here',
    ...others,
  };
}

/** The types that set all members of a role, or of a resource, at once. */
export function replacers(...types: readonly string[]): Readonly<Record<string, string>> {
  const why = 'it takes away what others were given. Give the role to one member.';
  return Object.fromEntries(types.flatMap((type) => ['iam_binding', 'iam_policy'].map((kind) => [`${type}_${kind}`, why])));
}

const NAMED: Promised = promised(
  'public-member',
  'name somebody: these are the public',
  (grant) => !/allUsers|allAuthenticatedUsers/.test(JSON.stringify([grant.body.member ?? '', grant.body.for_each ?? ''])),
  { 'it is for everyone who has an account of Google': set('member', 'allAuthenticatedUsers') },
);

const ASKED_FOR: Promised = {
  ...promised(
    'public-member',
    'refuse the public where members are asked for',
    (grant, stack) => {
      const { validation = [] } = (stack as TfStack).json.variable?.[variableOf(grant.body)!] ?? {};
      return /allUsers.*allAuthenticatedUsers/.test(JSON.stringify(validation));
    },
    { 'anyone may be named as a member': forgetValidation },
  ),
  concerns: ({ body }) => variableOf(body) !== undefined,
};

/**
 * Whether it is given to an account that somebody outside deploys as, whom the project trusts by a pool of identities. Whoever deploys is an
 * administrator of what is deployed, and least privilege says of what.
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
    'be neither a basic role nor that of an administrator or of a service agent',
    (grant) => !/^roles\/(owner|editor|viewer)$|admin$|serviceAgent$|builds\.builder$/i.test(String(only(grant, 'role'))),
    { 'it is the role of an editor': set('role', 'roles/editor') },
  ),
  concerns: (grant, stack) => !isOfDeployer(grant, stack),
};

/** A reference to what is set is known before it is made, so the grant would stay as it is and stand on nothing. */
const FOLLOWS: Promised = {
  ...promised(
    'rights-follow',
    'be given again in the same apply when what it stands on is replaced: by its id, which is not known before',
    (grant) => grant.get('lifecycle.replace_triggered_by').length > 0 || standsOn(grant).some(isComputed),
    { 'rights are gone for one apply when what they stand on is replaced': nameByWhatIsSet },
  ),
  concerns: (grant) => standsOn(grant).length > 0,
};

/** What a grant stands on, where the stack makes it: `google_pubsub_topic.events.id`. */
function standsOn({ body }: Asked): string[] {
  const { member: _who, for_each: _each, condition: _only, depends_on: _after, lifecycle: _life, '//': _note, ...on } = body;
  return [...JSON.stringify(on).matchAll(/\$\{(google_\w+\.[\w-]+\.\w+)\}/g)].map(([, reference]) => reference!);
}

/** The name of a service account is made of its e-mail, and that when it is made. */
function isComputed(reference: string): boolean {
  return reference.endsWith('.id') || (reference.startsWith('google_service_account.') && reference.endsWith('.name'));
}

function nameByWhatIsSet(draft: Draft, { id, body: { lifecycle: _, ...before } }: Asked) {
  const named = JSON.stringify(before).replace(
    /(\$\{google_\w+\.[\w-]+)\.(id|name)\}/g,
    (_all, start, last) => `${start}.${last === 'id' ? 'name' : 'account_id'}}`,
  );
  const { body } = draft.resources.get(id)!;
  for (const key of Object.keys(body)) delete body[key];
  Object.assign(body, JSON.parse(named));
}

/** The variable that a grant is repeated for. */
function variableOf({ for_each }: Asked['body']): string | undefined {
  return /\bvar\.(\w+)/.exec(String(for_each ?? ''))?.[1];
}

function forgetValidation(draft: Draft, { body }: Asked) {
  const variable: Holder = draft.resources.get(`variable.${variableOf(body)}`)!.body;
  delete variable.validation;
}

function isOn(body: unknown, metric: string, id: string): boolean {
  const text = JSON.stringify(body);
  return text.includes(JSON.stringify(metric).slice(1, -1)) && text.includes(`\${${id}.`);
}
