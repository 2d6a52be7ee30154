import { DataCatalogPolicyTagIamMember } from '@cdktf/provider-google/lib/data-catalog-policy-tag-iam-member';
import { type ITerraformDependable, TerraformStack } from 'cdktf';
import type { TextRule } from '../../shared/synth/settings';
import type { Workload } from '../ports/identity';
import type { PolicyTag } from '../ports/stores';
import { needApis } from './apis';

/** What BigQuery shows instead of a value that a reader may not see. */
export type Masking = NonNullable<PolicyTag['masking']>;

/** The id of an existing policy tag. */
export const POLICY_TAG: TextRule = {
  pattern: /^projects\/[^/ ]+\/locations\/[a-z0-9-]+\/taxonomies\/[0-9]+\/policyTags\/[0-9]+$/,
  must: 'be the id of a policy tag',
  remedy: 'Write it as BigQuery shows it, like projects/acme-data/locations/europe-west1/taxonomies/1/policyTags/2.',
};

/** The grants of each stack, by what is granted to whom. */
const granted = new WeakMap<TerraformStack, Map<string, ITerraformDependable>>();

/** Let a workload see the values of the columns with a tag. */
export function allowFineGrained(reader: Workload, id: string, policyTag: string): ITerraformDependable {
  return once(reader, policyTag, () => {
    needApis(reader, 'datacatalog');
    const { member, forEach } = reader;
    return new DataCatalogPolicyTagIamMember(reader, id, {
      policyTag,
      role: 'roles/datacatalog.categoryFineGrainedReader',
      member,
      forEach,
    });
  });
}

/**
 * Grant the same role to the same member once: columns of several stores can have the same tag, and a grant that is removed would take
 * the permission of the other along.
 * @param on what is granted, with the resource that it is on
 */
export function once(reader: Workload, on: string, make: () => ITerraformDependable): ITerraformDependable {
  const stack = TerraformStack.of(reader);
  const ofStack = granted.get(stack) ?? new Map<string, ITerraformDependable>();
  granted.set(stack, ofStack);
  // Members that are known only at deploy are all written as `each.value`.
  const key = JSON.stringify([on, reader.forEach ? reader.node.path : reader.member]);
  const grant = ofStack.get(key) ?? make();
  ofStack.set(key, grant);
  return grant;
}
