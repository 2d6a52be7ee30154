import type { Facts } from '../../shared/read/facts/find';
import { add, both, type Edit, type Holder, type Json, remove, replace, set } from '../../shared/read/facts/weaken';
import type { Asked, Stack } from '../../shared/read/stack';
import type { Weakening } from './draft';

/** A template, and what is known of its types. */
export interface Read {
  readonly facts: Facts;
  readonly seen: Stack;
}

/** Each grant of a kind, widened and taken away. What it takes is known, so least privilege must object. */
export function grantWeakenings({ seen, facts }: Read): Weakening[] {
  return seen.all.flatMap((resource) => {
    const known = facts.type(resource);
    // A type that reads its own grants knows how they are widened.
    if (!known || known.grants || facts.role(resource, seen) !== 'grants') return [];
    const edits = resource.type.includes('::') ? statementsOf(resource) : rolesOf(resource, { seen, facts });
    return edits.map(([name, edit]) => ({ name, edit, resource, of: known.name, folder: known.folder }));
  });
}

/** The statements of a policy that allow something. */
function statementsOf(policy: Asked): [string, Edit][] {
  const statements = policy.get('PolicyDocument.Statement') as unknown as Holder[];
  return statements.flatMap((statement, index): [string, Edit][] => {
    if (statement.Effect !== 'Allow' || statement.Principal !== undefined) return [];
    const at = `PolicyDocument.Statement.${index}`;
    const [first] = [statement.Action].flat() as string[];
    const service = first!.split(':')[0];
    const what = [statement.Action].flat().join(', ');
    return [
      [`${what}: and everything else of ${service}`, set(`${at}.Action`, `${service}:*`)],
      ...(statement.Resource === '*' ? [] : ([[`${what}: on everything`, set(`${at}.Resource`, '*')]] as [string, Edit][])),
      [`${what}: all but this`, (draft, resource) => allBut(draft.resources.get(resource.id)!.body, index)],
      [`${what}: not allowed`, (draft, resource) => withoutStatement(draft.resources.get(resource.id)!.body, index)],
    ];
  });
}

function allBut(body: Holder, index: number) {
  const statement = statementsIn(body)[index]! as Holder;
  statement.NotAction = statement.Action!;
  delete statement.Action;
}

function withoutStatement(body: Holder, index: number) {
  statementsIn(body).splice(index, 1);
}

function statementsIn(body: Holder): Json[] {
  return ((body.Properties as Holder).PolicyDocument as Holder).Statement as Json[];
}

/** The role of a grant of Terraform. */
function rolesOf(grant: Asked, subject: Read): [string, Edit][] {
  const role = String(grant.body.role_definition_name ?? grant.body.role);
  const azure = grant.type.startsWith('azurerm_');
  return [
    [`${role}: the owner instead`, azure ? set('role_definition_name', 'Owner') : set('role', 'roles/owner')],
    [`${role}: for everybody`, azure ? set('principal_id', '00000000-0000-0000-0000-000000000000') : set('member', 'allUsers')],
    [`${role}: not given`, remove()],
    ...(grant.body.condition === undefined ? [] : ([[`${role}: without its condition`, set('condition')]] as [string, Edit][])),
    ...(azure ? scopes(grant, role, subject) : wider(grant, role)),
    ...elsewhere(grant, role, subject),
  ];
}

/** A role of Azure, on everything that its scope lies in, and a second one beside it. */
function scopes(grant: Asked, role: string, { seen, facts }: Read): [string, Edit][] {
  const [scope] = grant.refers('scope');
  const [group] = seen.of('azurerm_resource_group');
  const on = ({ id }: Asked) => set('scope', (draft) => draft.reference(id));
  const contributor = add(grant.type, (draft, { body }) => ({
    ...(structuredClone(body) as Holder),
    scope: draft.reference(group!.id),
    role_definition_name: 'Contributor',
  }));
  return [
    [`${role}: a role that nobody knows instead`, both(set('role_definition_name'), set('role_definition_id', 'custom'))],
    ...(scope ? around(scope) : []).map((wider): [string, Edit] => [`${role}: on the whole ${facts.of(wider).name}`, on(wider)]),
    ...(group ? ([[`${role}: and Contributor on the resource group`, contributor]] as [string, Edit][]) : []),
  ];
}

/** What something lies in, the narrowest first. */
function around(resource: Asked): readonly Asked[] {
  const [holder] = ['storage_account_id', 'namespace_id', 'resource_group_name'].flatMap((setting) => resource.refers(setting));
  return holder ? [holder, ...around(holder)] : [];
}

/** A role of Google, on the whole project besides, and for a list of members that takes it away from all others. */
function wider({ type }: Asked, role: string): [string, Edit][] {
  const binding = add(type.replace(/_member$/, '_binding'), (draft, { id }) => {
    const { member, ...grant } = draft.resources.get(id)!.body;
    return { ...grant, members: [member!] };
  });
  const project = add('google_project_iam_member', (draft, { id }) => {
    const { member, for_each } = draft.resources.get(id)!.body;
    return { project: 'x', role, member: member!, ...(for_each ? { for_each } : {}) };
  });
  return [
    [`${role}: taken away from others`, binding],
    ...(type === 'google_project_iam_member' ? [] : ([[`${role}: on the whole project too`, project]] as [string, Edit][])),
  ];
}

/** A role, on another resource of the same type. */
function elsewhere(grant: Asked, role: string, { seen, facts }: Read): [string, Edit][] {
  const members = ['member', 'principal_id'].flatMap((setting) => grant.refers(setting)).map(({ id }) => id);
  const on = grant
    .refers()
    .filter(({ id }) => !members.includes(id))
    .at(-1);
  const other = on && seen.of(on.type).find(({ id }) => id !== on.id);
  if (!on || !other) return [];
  // A grant can name its resource several times, and the name of one resource can be the start of another.
  const everywhere = new RegExp(`${on.id.replaceAll('.', '\\.')}(?![\\w-])`, 'g');
  return [[`${role}: on another ${facts.of(other).name}`, replace(everywhere, other.id)]];
}
