import { fullDiff, type ResourceDifference, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import { type CfnResource, CfnStack, type CfnTemplate, name } from './cfn';
import { byWeight, type Change, type DataFate, type Fate, holdsData } from './changes';
import type { Facts } from './facts/find';

const FATES: Readonly<Partial<Record<ResourceImpact, Fate>>> = {
  [ResourceImpact.WILL_CREATE]: 'created',
  [ResourceImpact.WILL_IMPORT]: 'created',
  [ResourceImpact.WILL_UPDATE]: 'changed',
  [ResourceImpact.MAY_REPLACE]: 'may be replaced',
  [ResourceImpact.WILL_REPLACE]: 'replaced',
  [ResourceImpact.WILL_DESTROY]: 'deleted',
  [ResourceImpact.WILL_ORPHAN]: 'deleted',
};

/** What ends the logical id of a resource that is made again with each change. */
const RENEWED = /(?<=[0-9A-F]{8})[0-9a-f]{32}$/;

/**
 * What CloudFormation does with each resource, when a stack that was deployed from one template is deployed from another.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
 */
export function cloudFormationChanges(from: CfnTemplate, to: CfnTemplate, facts: Facts): Change[] {
  const old = new CfnStack(from);
  const found = Object.entries(fullDiff(plain(from), plain(to)).resources.changes).flatMap(([id, difference]): Change[] => {
    const fate = FATES[difference.changeImpact];
    const type = difference.newResourceType ?? difference.oldResourceType;
    return fate === undefined || type === undefined
      ? []
      : [{ id, type, name: name(id.replace(RENEWED, '')), fate, because: replacing(difference) }];
  });
  return renewed(found)
    .map((change): Change => {
      const resource = old.get(change.id);
      const isKept = change.fate === 'changed' || change.fate === 'created';
      if (isKept || resource === undefined || !holdsData(resource, old, facts)) return change;
      return { ...change, data: dataOf(change, from.Resources[change.id]!, to.Resources[change.id]) };
    })
    .sort(byWeight);
}

/** The policy that was deployed decides when a resource goes. Either of the two may when it is replaced, so both must keep it. */
function dataOf({ fate }: Change, from: CfnResource, to?: CfnResource): DataFate {
  const policies = fate === 'deleted' ? [from.DeletionPolicy] : [from.UpdateReplacePolicy, to?.UpdateReplacePolicy];
  return policies.every((policy) => /^Retain|^Snapshot$/.test(policy ?? '')) ? 'left behind' : 'lost';
}

/** The properties whose change replaces a resource. */
function replacing(difference: ResourceDifference): string[] {
  const replaces: readonly (ResourceImpact | undefined)[] = [ResourceImpact.WILL_REPLACE, ResourceImpact.MAY_REPLACE];
  const properties = Object.entries(difference.propertyUpdates).filter(([, { changeImpact }]) => replaces.includes(changeImpact));
  return [...properties.map(([property]) => property), ...(difference.resourceTypeChanged ? ['Type'] : [])];
}

/**
 * The CDK gives some resources a new logical id with each change, such as deployments of API Gateway and versions of functions. One
 * that goes while one of its name comes is replaced.
 */
function renewed(changes: readonly Change[]): Change[] {
  const key = ({ type, id }: Change) => `${type} ${id.replace(RENEWED, '').replace(/[0-9A-F]{8}$/, '')}`;
  const created = new Map(changes.filter(({ fate }) => fate === 'created').map((change) => [key(change), change] as const));
  const gone = changes.filter((change) => change.fate === 'deleted' && created.has(key(change)));
  const again = new Set(gone.map((change) => created.get(key(change))));
  return changes
    .filter((change) => !again.has(change))
    .map((change) => (gone.includes(change) ? { ...change, fate: 'replaced', because: ['its logical id'] } : change));
}

/** What stands in the metadata of a resource changes nothing that is deployed. */
function plain({ Resources, ...rest }: CfnTemplate): Record<string, unknown> {
  return { ...rest, Resources: Object.fromEntries(Object.entries(Resources).map(([id, { Metadata: _, ...one }]) => [id, one])) };
}
