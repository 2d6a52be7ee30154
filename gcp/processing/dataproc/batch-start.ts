import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import type { ITerraformDependable } from 'cdktf';
import { onceIn } from '../../foundation/once';
import type { Workload } from '../../ports/identity';
import type { RunState } from '../../ports/jobs';
import type { Site } from '../../ports/site';

/**
 * The answer to the start is an operation that names the batch, and the batch has the state of the run.
 * @see https://cloud.google.com/dataproc-serverless/docs/reference/rest/v1/projects.locations.batches/create
 */
export const RUN: RunState = {
  name: ['metadata', 'batch'],
  url: 'https://dataproc.googleapis.com/v1/{run}',
  state: ['state'],
  succeeded: 'SUCCEEDED',
  failed: ['FAILED', 'CANCELLED'],
};

/** A batch, by its name and the id of the account that it runs as. */
interface Batch {
  readonly name: string;
  readonly accountId: string;
}

/**
 * Let `starter` start batches, see them, and let them run as the account of this one, and of no other.
 * @see https://cloud.google.com/dataproc-serverless/docs/concepts/iam
 */
export function allowStart(starter: Workload, { project }: Site, { name, accountId }: Batch): readonly ITerraformDependable[] {
  const id = `ActsAs${name}`;
  const actAs = { serviceAccountId: accountId, role: 'roles/iam.serviceAccountUser', member: starter.member };
  return [onceIn(starter, id, () => new ServiceAccountIamMember(starter, id, actAs)), editorOf(starter, project)];
}

/** The permission to start batches, once for each starter. */
function editorOf(starter: Workload, project: string): ProjectIamMember {
  const grant = { project, role: 'roles/dataproc.serverlessEditor', member: starter.member };
  return onceIn(starter, 'StartsBatches', () => new ProjectIamMember(starter, 'StartsBatches', grant));
}
