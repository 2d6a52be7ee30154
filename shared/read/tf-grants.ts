import type { Facts } from './facts/find';
import { type Body, list, one, Resources, references, type TfAsked, type TfResource, type TfStack, type Value } from './tf';

/** One permission of a stack. */
export interface Grant {
  /** The address of an identity of the stack; `client` for identities from variables; or another identity. */
  readonly holder: string;
  /** The name of the role. */
  readonly role: string;
  /** The address of the resource, or its text if it is not in the stack, or `project`. */
  readonly on: string;
  readonly condition?: { readonly title: string; readonly expression: string };
  /** The address of the resource with this permission. */
  readonly at: string;
}

/** All permissions of a stack: roles, access lists, keys and public access. */
export function grantsOf(stack: TfStack, facts: Facts): Grant[] {
  const resources = new Resources(stack.json);
  return resources.all.flatMap((resource) => [
    ...(READERS.find(([type]) => type.test(resource.type))?.[1](resource, resources) ?? []),
    ...doors(stack.get(resource.address)!, stack, facts),
  ]);
}

/** Access that does not come from a role. */
function doors(resource: TfAsked, stack: TfStack, facts: Facts): Grant[] {
  return (facts.type(resource)?.grants?.(resource, stack) ?? []).map(({ holder, may: role, on, condition }) => ({
    holder,
    role,
    on,
    at: resource.id,
    ...(condition ? { condition: { title: condition.test, expression: String(condition.value) } } : {}),
  }));
}

type Reader = (resource: TfResource, resources: Resources) => Grant[];

const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/^azurerm_role_assignment$/, roleAssignment],
  [/^google_.*_iam_(member|binding)$/, iamMembers],
  [/^google_.*_iam_policy$/, (resource) => [plain('the identities of that policy', 'all of an IAM policy', resource)]],
  [/^google_.*_(access_control|acl)$/, accessControl],
];

function roleAssignment(resource: TfResource, resources: Resources): Grant[] {
  const { principal_id, role_definition_name, role_definition_id, condition } = resource.body;
  const grant = plain(holderOf(principal_id, resources), String(role_definition_name ?? role_definition_id), resource);
  return [condition ? { ...grant, condition: { title: 'condition', expression: String(condition) } } : grant];
}

function iamMembers(resource: TfResource, resources: Resources): Grant[] {
  const { member, members, role, condition } = resource.body;
  const { title, expression } = (one(condition) ?? {}) as Body;
  const only = expression === undefined ? {} : { condition: { title: String(title), expression: String(expression) } };
  const on = conditionOn(resource, String(expression ?? ''), resources);
  return list(member ?? members).map((who) => ({ ...plain(holderOf(who, resources), String(role), resource), ...on, ...only }));
}

/** A role on the project, with a condition on one resource of the stack, is a role on this resource: some services have no roles of their own. */
function conditionOn({ type }: TfResource, expression: string, resources: Resources): Pick<Grant, 'on'> | object {
  if (type !== 'google_project_iam_member') return {};
  const addresses = new Set(references(expression).filter((address) => resources.get(address)));
  return addresses.size === 1 ? { on: [...addresses][0]! } : {};
}

function accessControl(resource: TfResource): Grant[] {
  const { role_entity, entity, role, predefined_acl } = resource.body;
  const entries = role_entity
    ? list(role_entity).map((pair) => String(pair).split(':'))
    : [[role ?? predefined_acl, entity ?? predefined_acl]];
  return entries.map(([what, who]) => plain(everyoneOr(String(who)), String(what), resource));
}

function plain(holder: string, role: string, resource: TfResource): Grant {
  return { holder, role, on: target(resource.body), at: resource.address };
}

/** The attributes with the resource of a grant, the narrowest first. */
const NARROWEST = [
  'scope',
  'table_id',
  'table',
  'dataset_id',
  'topic',
  'subscription',
  'bucket',
  'repository',
  'service_account_id',
  'name',
];
const NOT_A_TARGET =
  /^(\/\/|member|members|role|entity|role_entity|predefined_acl|policy_data|condition|project|location|region|zone|provider|for_each|count|depends_on|lifecycle)$/;

function target(body: Body): string {
  const attribute = [...NARROWEST, ...Object.keys(body).filter((name) => !NOT_A_TARGET.test(name))].find(
    (name) => body[name] !== undefined,
  );
  return attribute ? whole(body[attribute]) : 'project';
}

/** The address, if the value is a reference, or an id that ends with the name of a resource; or else its text. */
function whole(value: Value): string {
  const text = String(value);
  const [end] = /\$\{[a-z]\w*\.[\w-]+\.\w+\}$/.exec(text) ?? [];
  return end === undefined ? text : references(end)[0]!;
}

/** The identity with a permission: one of the stack, or those from variables. */
function holderOf(value: Value, resources: Resources): string {
  const found = resources.find(value);
  if (found) return found.address;
  // For example a service agent from a data source.
  const [, source] = /^(?:serviceAccount:)?\$\{(data\.\w+\.[\w-]+)\.\w+\}$/.exec(String(value)) ?? [];
  if (source) return source;
  if (references(value).some((address) => address.startsWith('var.') || address.startsWith('each.'))) return 'client';
  return everyoneOr(String(value));
}

function everyoneOr(who: string): string {
  return /^(allUsers|allAuthenticatedUsers|publicRead\w*)$/.test(who) ? 'everyone' : who;
}
