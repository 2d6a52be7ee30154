import type { CfnStack } from '../../../shared/read/cfn';
import type { Grant as CfnGrant } from '../../../shared/read/cfn-grants';
import type { Facts } from '../../../shared/read/facts/find';
import type { TfStack } from '../../../shared/read/tf';
import { type Grant, grantsOf } from '../../../shared/read/tf-grants';
import type { Finding } from '../judge';
import { compareAws } from './aws';
import { type Comparison, fits, type Held, missing, type Need, type Permission, usesOf } from './compare';
import { narrowerThan, permissionsOf, surplusOf } from './roles';
import { needsOfStack } from './terraform';

/** The id under which a construct says why a grant may hold more than is needed. */
const ACKNOWLEDGED_AS = 'least-privilege';

/** The roles of functions that the CDK brings along, by their ids. */
const HELPERS = /^(Custom|AWSCDK)\w*ProviderRole/;
const HELPER = 'The CDK brings this function, and what it may do: it acts once, while the stack is made or taken down.';

/** What was found of one identity. */
export interface Identity {
  readonly name: string;
  /** How many permissions it holds. */
  readonly held: number;
  readonly findings: readonly Finding[];
}

/** Hold what a CloudFormation template gives against what the work takes, action by action and resource by resource. */
export function cloudFormationPrivileges(stack: CfnStack): Identity[] {
  const comparison = compareAws(stack);
  const who = (id: string) => stack.get(id)?.name ?? id;
  const what = (resource: string) =>
    resource === '*' ? 'everything' : resource.replace(/\$\{(\w+)\}/g, (whole, id) => stack.get(id)?.name ?? whole);
  const named = <One extends { readonly on: string }>(one: One): One => ({ ...one, on: what(one.on) });
  const surplus = comparison.held.flatMap((held) => {
    const { exact, needs } = usesOf(held, comparison);
    return exact
      ? []
      : [{ of: held.who, finding: { ...tooMuch(named(held), needs.map(named)), reason: HELPERS.test(held.at) ? HELPER : undefined } }];
  });
  const lacking = missing(comparison).map((need) => ({ of: need.who, finding: tooLittle(named(need)) }));
  const forbidden = comparison.forbidden.flatMap((grant) =>
    comparison.needs
      .filter((need) => forbids(grant, need))
      .map((need) => ({ of: need.who, finding: { ...tooLittle(named(need)), what: `${need.may} is forbidden by ${grant.at}.` } })),
  );
  return byIdentity(comparison, [...surplus, ...lacking, ...forbidden], who);
}

/** Hold the roles that a stack of Terraform gives against what the work takes: no narrower role would do, nor a narrower scope. */
export function terraformPrivileges(stack: TfStack, facts: Facts): Identity[] {
  const grants = grantsOf(stack, facts);
  const comparison: Comparison = {
    held: grants.flatMap((grant) => heldBy(grant, stack, facts)),
    needs: needsOfStack(stack, facts),
    reaches: (given, needed) => given === needed || parentsOf(needed, stack).includes(given),
  };
  const where = (id: string) => nameIn(stack, id);
  const surplus = grants.flatMap((grant) =>
    grantFindings(grant, comparison, stack, facts).map((finding) => ({ of: grant.holder, finding })),
  );
  const lacking = missing(comparison).map((need) => ({ of: need.who, finding: tooLittle({ ...need, on: where(need.on) }) }));
  return byIdentity(comparison, [...surplus, ...lacking], where);
}

function grantFindings(grant: Grant, comparison: Comparison, stack: TfStack, facts: Facts): Finding[] {
  const { role, on } = grant;
  const asked = stack.get(on) ?? on;
  const at = nameIn(stack, on);
  const finding = (rule: string, what: string, reason?: string): Finding => ({ rule, where: `${role} on ${at}`, what, reason });
  if (!permissionsOf(role, asked, facts)) return [finding('unknown-role', `What ${role} allows stands in no facts.ts.`)];

  const held = heldBy(grant, stack, facts).map((one) => ({ one, ...usesOf(one, comparison) }));
  const used = held.flatMap(({ needs }) => needs);
  if (used.length === 0) return [finding('no-need', 'Nothing needs it.')];
  const here = used.filter((need) => need.on === on && need.only === (grant.condition?.expression ?? ''));
  const places = used.map((need) => placeOf({ ...need, on: nameIn(stack, need.on) }));
  if (here.length === 0) return [finding('too-wide', `It is needed on ${[...new Set(places)].join(' and ')} alone.`)];

  const needed = here.map(({ may }) => may);
  const narrower = narrowerThan(role, asked, needed, facts);
  if (narrower) return [finding('too-wide', `${narrower} would do.`)];
  const spare = held.flatMap(({ one, exact }) => (exact ? [] : [brief(one.may)]));
  const acknowledged = acknowledgedBy(stack, grant.at);
  const why = acknowledged ?? surplusOf(role, facts);
  if (spare.length > 0) return [finding('no-narrower-role', `Besides what is needed it allows ${spare.join(', ')}.`, why)];
  return acknowledged ? [finding('stale', 'It says why it holds more than is needed, and holds no more.')] : [];
}

function heldBy({ holder: who, role, on, condition, at }: Grant, stack: TfStack, facts: Facts): Held[] {
  const permissions = permissionsOf(role, stack.get(on) ?? on, facts) ?? [role];
  return permissions.map((may) => ({ who, may, on, only: condition?.expression ?? '', at }));
}

/** Everything that a resource lies in: a permission there holds here. */
function parentsOf(id: string, stack: TfStack): string[] {
  const parents = ['storage_account_id', 'namespace_id', 'dataset_id', 'bucket', 'resource_group_name', 'workspace_id'].flatMap(
    (setting) => {
      const [parent] = stack.get(id)?.refers(setting) ?? [];
      return parent ? [parent.id, ...parentsOf(parent.id, stack)] : [];
    },
  );
  return [...parents, 'project'];
}

function tooMuch(held: Held, needs: readonly Need[]): Finding {
  const narrower = [...new Set(needs.map((need) => `${need.may} on ${placeOf(need)}`))].join(' and ');
  const verdict = narrower ? `needed is ${narrower}` : 'nothing needs it';
  return { rule: narrower ? 'too-wide' : 'no-need', where: held.at, what: `${held.may} on ${placeOf(held)}: ${verdict}.` };
}

function tooLittle(need: Need): Finding {
  return { rule: 'missing', where: need.on, what: `${need.may} on ${placeOf(need)} is not allowed: ${need.because}.` };
}

function placeOf({ on, only }: Permission): string {
  return only ? `${on}, where ${only},` : on;
}

/** Whether a denial reaches what is needed. */
function forbids({ holder, actions, on }: CfnGrant, need: Need): boolean {
  const isMeant = holder === need.who || holder.startsWith('everyone');
  return isMeant && actions.some((action) => fits(action, need.may)) && on.some((one) => fits(one, need.on));
}

function byIdentity(
  { held, needs }: Comparison,
  found: readonly { of: string; finding: Finding }[],
  nameOfOne: (id: string) => string,
): Identity[] {
  const ids = [...new Set([...held, ...needs].map(({ who }) => who))];
  return ids.map((id) => ({
    name: nameOfOne(id),
    held: held.filter(({ who }) => who === id).length,
    findings: found.filter(({ of }) => of === id).map(({ finding }) => finding),
  }));
}

function nameIn(stack: TfStack, id: string): string {
  return stack.get(id)?.name ?? id;
}

/** A permission without the start that tells nothing. */
function brief(permission: string): string {
  return permission.replace(/^(data:)?(Microsoft\.Storage\/storageAccounts\/blobServices\/)?/, '');
}

/** Why a grant may hold more than is needed, as its construct says. */
function acknowledgedBy(stack: TfStack, id: string): string | undefined {
  const reason = stack.get(id)?.acknowledged.find((one) => one.id === ACKNOWLEDGED_AS)?.reason;
  return typeof reason === 'string' ? reason : undefined;
}
