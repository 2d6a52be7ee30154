import { type CfnTemplate, name } from '../../../shared/read/cfn';
import type { Grant as CfnGrant } from '../../../shared/read/cfn-grants';
import { type Body, list, nameOf, Resources, type TerraformJson, type TfResource, type Value } from '../../../shared/read/tf';
import { type Grant, grantsOf } from '../../../shared/read/tf-grants';
import type { Finding } from '../judge';
import { compareAws } from './aws';
import { type Comparison, fits, type Held, missing, type Need, type Permission, usesOf } from './compare';
import { narrowerThan, permissionsOf, surplusOf } from './roles';
import { needsOfStack } from './terraform';

/** The id under which a construct says why a grant may hold more than is needed. */
const ACKNOWLEDGED_AS = 'least-privilege';

/** What was found of one identity. */
export interface Identity {
  readonly name: string;
  /** How many permissions it holds. */
  readonly held: number;
  readonly findings: readonly Finding[];
}

/** Hold what a CloudFormation template gives against what the work takes, action by action and resource by resource. */
export function cloudFormationPrivileges(template: CfnTemplate): Identity[] {
  const comparison = compareAws(template);
  const who = (id: string) => (template.Resources[id] ? name(id) : id);
  const what = (resource: string) =>
    resource === '*' ? 'everything' : resource.replace(/\$\{(\w+)\}/g, (whole, id) => (template.Resources[id] ? name(id) : whole));
  const named = <One extends { readonly on: string }>(one: One): One => ({ ...one, on: what(one.on) });
  const surplus = comparison.held.flatMap((held) => {
    const { exact, needs } = usesOf(held, comparison);
    return exact ? [] : [{ of: held.who, finding: tooMuch(named(held), needs.map(named)) }];
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
export function terraformPrivileges(stack: TerraformJson): Identity[] {
  const resources = new Resources(stack);
  const grants = grantsOf(resources);
  const comparison: Comparison = {
    held: grants.flatMap((grant) => heldBy(grant, resources)),
    needs: needsOfStack(stack),
    reaches: (given, needed) => given === needed || parentsOf(needed, resources).includes(given),
  };
  const where = (address: string) => nameIn(resources, address);
  const surplus = grants.flatMap((grant) => grantFindings(grant, comparison, resources).map((finding) => ({ of: grant.holder, finding })));
  const lacking = missing(comparison).map((need) => ({ of: need.who, finding: tooLittle({ ...need, on: where(need.on) }) }));
  return byIdentity(comparison, [...surplus, ...lacking], where);
}

function grantFindings(grant: Grant, comparison: Comparison, resources: Resources): Finding[] {
  const { role, on } = grant;
  const type = resources.get(on)?.type ?? on;
  const at = nameIn(resources, on);
  const finding = (rule: string, what: string, reason?: string): Finding => ({ rule, where: `${role} on ${at}`, what, reason });
  if (!permissionsOf(role, type)) return [finding('unknown-role', `What ${role} allows is not in scripts/judges/privileges/roles.ts.`)];

  const held = heldBy(grant, resources).map((one) => ({ one, ...usesOf(one, comparison) }));
  const used = held.flatMap(({ needs }) => needs);
  if (used.length === 0) return [finding('no-need', 'Nothing needs it.')];
  const here = used.filter((need) => need.on === on && need.only === (grant.condition?.expression ?? ''));
  const places = used.map((need) => placeOf({ ...need, on: nameIn(resources, need.on) }));
  if (here.length === 0) return [finding('too-wide', `It is needed on ${[...new Set(places)].join(' and ')} alone.`)];

  const needed = here.map(({ may }) => may);
  const narrower = narrowerThan(role, type, needed);
  if (narrower) return [finding('too-wide', `${narrower} would do.`)];
  const spare = held.flatMap(({ one, exact }) => (exact ? [] : [brief(one.may)]));
  const why = acknowledged(resources.get(grant.at)) ?? surplusOf(role);
  if (spare.length > 0) return [finding('no-narrower-role', `Besides what is needed it allows ${spare.join(', ')}.`, why)];
  return acknowledged(resources.get(grant.at)) ? [finding('stale', 'It says why it holds more than is needed, and holds no more.')] : [];
}

function heldBy({ holder: who, role, on, condition, at }: Grant, resources: Resources): Held[] {
  const permissions = permissionsOf(role, resources.get(on)?.type ?? on) ?? [role];
  return permissions.map((may) => ({ who, may, on, only: condition?.expression ?? '', at }));
}

/** Everything that a resource lies in: a permission there holds here. */
function parentsOf(address: string, resources: Resources): string[] {
  const parents = ['storage_account_id', 'namespace_id', 'dataset_id', 'resource_group_name', 'workspace_id'].flatMap((attribute) => {
    const parent = resources.find(resources.get(address)?.body[attribute]);
    return parent ? [parent.address, ...parentsOf(parent.address, resources)] : [];
  });
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

function nameIn(resources: Resources, address: string): string {
  const found = resources.get(address);
  return found ? nameOf(found) : address;
}

/** A permission without the start that tells nothing. */
function brief(permission: string): string {
  return permission.replace(/^(data:)?(Microsoft\.Storage\/storageAccounts\/blobServices\/)?/, '');
}

/** Why a grant may hold more than is needed, as its construct says. */
function acknowledged(grant: TfResource | undefined): string | undefined {
  const reasons = list((grant?.body['//'] as Body | undefined)?.acknowledged) as readonly Body[];
  const reason: Value = reasons.find(({ id }) => id === ACKNOWLEDGED_AS)?.reason;
  return typeof reason === 'string' ? reason : undefined;
}
