import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import type { IConstruct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import { grantOnce } from '../../foundation/once';
import type { Workload } from '../../ports/identity';

const ROLE = 'roles/workflows.invoker';

/**
 * The permission to start workflows, once for each starter. The role is on the project: Workflows has none on a single workflow, and no
 * condition that names one.
 * @param first the name of the workflow that is started first, which the address in the tree has
 */
export function invokerOf(starter: Workload, project: string, first: string): ProjectIamMember {
  const isIt = (one: IConstruct) => one instanceof ProjectIamMember && one.roleInput === ROLE;
  return grantOnce(starter, isIt, () => {
    const grant = new ProjectIamMember(starter, `Starts${first}`, { project, role: ROLE, member: starter.member });
    const [, ...path] = starter.node.path.split('/');
    keepAddress(grant, `${path.join('-')}-starts-workflows`);
    return grant;
  });
}
