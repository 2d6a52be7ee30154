import { type CfnAsked, type CfnStack, isList, list, type Properties, refOf, text, type Value } from './cfn';
import { factsOf } from './facts/find';

/** One permission, from anywhere in a template. */
export interface Grant {
  /** The logical id of a role, a user or a group; or a service, an account, `everyone`, or `client` for authorized clients. */
  readonly holder: string;
  readonly denied: boolean;
  /** As in the policy. `all but x` for `NotAction`. */
  readonly actions: readonly string[];
  /** As text. A resource of the template is `${id}`, both for its name and for its ARN. */
  readonly on: readonly string[];
  /** The conditions, each as operator, key and value. */
  readonly conditions: readonly { readonly test: string; readonly value: Value }[];
  /** The logical id of the resource with this permission. */
  readonly at: string;
}

const KNOWN = new WeakMap<CfnStack, readonly Grant[]>();

/** All permissions of a template: role policies, resource policies, trust policies, public access and keys. */
export function grantsOf(stack: CfnStack): readonly Grant[] {
  const grants = KNOWN.get(stack) ?? readGrants(stack);
  KNOWN.set(stack, grants);
  return grants;
}

function readGrants(stack: CfnStack): Grant[] {
  const { Resources } = stack.template;
  const all = Object.entries(Resources).map(([id, { Type, Properties = {} }]) => ({ id, Type, Properties }));
  const policies = all.filter(({ Type }) => HOLDERS.test(Type));
  const documents = all.flatMap((resource) => documentsIn(resource.Properties).map((document) => ({ ...resource, ...document })));
  const trusts = documents.filter(({ path }) => path.includes('AssumeRolePolicyDocument'));
  const identities = documents.filter(({ Type, path }) => HOLDERS.test(Type) && !path.includes('AssumeRolePolicyDocument'));
  const others = documents.filter(({ Type }) => !HOLDERS.test(Type));
  return [
    ...identities.flatMap(({ id, Type, Properties: of, statements }) =>
      holdersOf(id, Type, of, policies).flatMap((holder) => statements.map((statement) => grant(holder, statement, id))),
    ),
    ...policies.flatMap(({ id, Properties: of }) => keptElsewhere(id, of)),
    ...trusts.flatMap(({ id, statements }) =>
      statements.map((statement) => ({ ...grant(principal(statement), statement, id), on: [`\${${id}}`] })),
    ),
    ...others.flatMap(({ id, statements }) => statements.map((statement) => grant(principal(statement), statement, id))),
    ...stack.all.flatMap((resource) => doors(resource, stack)),
  ];
}

const HOLDERS = /^AWS::IAM::/;

interface Statement extends Properties {
  readonly Effect: 'Allow' | 'Deny';
}

/** Every policy within a value. Some resources have their policy as text. */
function documentsIn(value: Value, path: readonly string[] = []): { path: readonly string[]; statements: Statement[] }[] {
  if (typeof value === 'string') return value.includes('"Effect"') ? documentsIn(parsed(value), path) : [];
  if (typeof value !== 'object' || value === null) return [];
  const statements = isList(value) ? [] : list((value as Properties).Statement).filter(isStatement);
  if (statements.length > 0) return [{ path, statements }];
  return Object.entries(value).flatMap(([key, part]) => documentsIn(part, [...path, key]));
}

function parsed(json: string): Value {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isStatement(value: Value): value is Statement {
  return typeof value === 'object' && value !== null && ['Allow', 'Deny'].includes(String((value as Properties).Effect));
}

/** The identities of an IAM policy: those that it names, those that refer to it, or the resource that contains it. */
function holdersOf(id: string, type: string, of: Properties, policies: readonly { id: string; Properties: Properties }[]): string[] {
  if (/::(Role|User|Group)$/.test(type)) return [id];
  const named = [of.Roles, of.Users, of.Groups, of.RoleName, of.UserName, of.GroupName].flatMap(list).map((one) => refOf(one) ?? text(one));
  const naming = policies
    .filter((other) => list(other.Properties.ManagedPolicyArns).some((arn) => refOf(arn) === id))
    .map((other) => other.id);
  return named.length + naming.length > 0 ? [...named, ...naming] : [id];
}

/** Managed policies outside of the template. */
function keptElsewhere(id: string, { ManagedPolicyArns }: Properties): Grant[] {
  const kept = list(ManagedPolicyArns).filter((arn) => !refOf(arn));
  return kept.map((arn) => plain(id, `all of ${text(arn).split('/').at(-1)}`, 'the resources of that policy', id));
}

/** Access that does not come from a policy. */
function doors(resource: CfnAsked, stack: CfnStack): Grant[] {
  return (factsOf('aws').type(resource.type)?.grants?.(resource, stack) ?? []).map(({ holder, may, on, condition }) => ({
    ...plain(holder, may, on, resource.id),
    conditions: condition ? [condition] : [],
  }));
}

function plain(holder: string, action: string, on: string, at: string): Grant {
  return { holder, denied: false, actions: [action], on: [on], conditions: [], at };
}

function grant(holder: string, statement: Statement, at: string): Grant {
  const { Effect, Action, NotAction, Resource, NotResource, Condition } = statement;
  const but = (value: Value) => (value === undefined ? [] : [`all but ${list(value).map(text).join(', ')}`]);
  return {
    holder,
    denied: Effect === 'Deny',
    actions: [...list(Action).map(text), ...but(NotAction)],
    on: [...new Set([...list(Resource).map(text), ...but(NotResource)])],
    conditions: Object.entries(Condition ?? {}).flatMap(([operator, tests]) =>
      Object.entries(tests as Properties).map(([key, value]) => ({ test: `${operator} ${key}`, value })),
    ),
    at,
  };
}

function principal({ Principal, NotPrincipal }: Statement): string {
  if (NotPrincipal !== undefined) return `everyone but ${named(NotPrincipal)}`;
  return everyoneOr(named(Principal));
}

function named(value: Value): string {
  const kinds =
    typeof value === 'object' && value !== null && !isList(value) && !refOf(value) ? Object.values(value as Properties) : [value];
  return kinds.flatMap(list).map(text).join(', ');
}

function everyoneOr(who: string): string {
  return who.split(', ').includes('*') ? 'everyone' : who;
}
