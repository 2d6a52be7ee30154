import { add, both, type Edit, type Holder, type Json, remove, set } from '../../shared/read/facts/weaken';
import type { Asked } from '../../shared/read/stack';
import type { Subject, Weakening } from './catch';

/** Each grant of a kind, widened and taken away. What it takes is known, so least privilege must object. */
export function grantWeakenings({ seen, facts }: Pick<Subject, 'seen' | 'facts'>): Weakening[] {
  return seen.all.flatMap((resource) => {
    const known = facts.type(resource.type);
    if (!known || facts.role(resource, seen) !== 'grants') return [];
    const edits = resource.type.includes('::') ? statementsOf(resource) : [...rolesOf(resource), ...scopesOf(resource, { seen, facts })];
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
function rolesOf(grant: Asked): [string, Edit][] {
  const role = String(grant.body.role_definition_name ?? grant.body.role);
  const azure = grant.type.startsWith('azurerm_');
  return [
    [`${role}: the owner instead`, azure ? set('role_definition_name', 'Owner') : set('role', 'roles/owner')],
    [`${role}: for everybody`, azure ? set('principal_id', '00000000-0000-0000-0000-000000000000') : set('member', 'allUsers')],
    [`${role}: not given`, remove()],
    ...(azure ? ([[`${role}: a role that nobody knows`, unknownRole]] as [string, Edit][]) : []),
    ...(grant.body.condition === undefined ? [] : ([[`${role}: without its condition`, set('condition')]] as [string, Edit][])),
  ];
}

/** The scope of a role assignment of Azure: everything that it lies in, another of its kind, and a second grant on the group. */
function scopesOf(grant: Asked, { seen, facts }: Pick<Subject, 'seen' | 'facts'>): [string, Edit][] {
  const [scope] = grant.refers('scope');
  const role = String(grant.body.role_definition_name);
  const group = seen.of('azurerm_resource_group').at(0);
  if (!scope || !group) return [];
  const on = ({ id }: Asked) => set('scope', (draft) => draft.reference(id));
  const other = seen.of(scope.type).find(({ id }) => id !== scope.id);
  const contributor = add(grant.type, (draft, { body }) => ({
    ...(structuredClone(body) as Holder),
    scope: draft.reference(group.id),
    role_definition_name: 'Contributor',
  }));
  return [
    ...around(scope).map((wider): [string, Edit] => [`${role}: on the whole ${facts.of(wider).name}`, on(wider)]),
    ...(other ? [[`${role}: on another ${facts.of(other).name}`, on(other)] satisfies [string, Edit]] : []),
    [`${role}: and Contributor on the resource group`, contributor],
  ];
}

/** What something lies in, the narrowest first. */
function around(resource: Asked): readonly Asked[] {
  const [holder] = ['storage_account_id', 'namespace_id', 'resource_group_name'].flatMap((setting) => resource.refers(setting));
  return holder ? [holder, ...around(holder)] : [];
}

const unknownRole: Edit = both(set('role_definition_name'), set('role_definition_id', 'custom'));
