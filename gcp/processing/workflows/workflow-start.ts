import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { keepAddress } from '../../../shared/synth/kept-name';
import type { Workload } from '../../ports/identity';

/** For each starter, its permission. */
const invokers = new WeakMap<Workload, ProjectIamMember>();

/**
 * The permission to start workflows, once for each starter: with either of two equal grants, Google takes both away. The role is on the
 * project: Workflows has none on a single workflow, and no condition that names one.
 * @param first the name of the workflow that is started first, which the address in the tree has
 */
export function invokerOf(starter: Workload, project: string, first: string): ProjectIamMember {
  const known = invokers.get(starter);
  if (known) return known;
  const grant = new ProjectIamMember(starter, `Starts${first}`, { project, role: 'roles/workflows.invoker', member: starter.member });
  const [, ...path] = starter.node.path.split('/');
  keepAddress(grant, `${path.join('-')}-starts-workflows`);
  invokers.set(starter, grant);
  return grant;
}
