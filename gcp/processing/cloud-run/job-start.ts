import type { CloudRunV2Job } from '@cdktf/provider-google/lib/cloud-run-v2-job';
import { CloudRunV2JobIamMember } from '@cdktf/provider-google/lib/cloud-run-v2-job-iam-member';
import { onceIn } from '../../foundation/once';
import type { Workload } from '../../ports/identity';
import type { RunRequest, StartRequest } from '../../ports/jobs';

/**
 * Let `starter` execute a job.
 * @param name the name of the job, unique among those that it starts
 * @see https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/run
 */
export function allowStart(job: CloudRunV2Job, name: string, starter: Workload): StartRequest {
  const waitFor = [allow(job, `Starts${name}`, 'roles/run.invoker', starter)];
  return { url: `https://run.googleapis.com/v2/${job.id}:run`, token: 'oauth', waitFor };
}

/**
 * Let `starter` execute a job and see its executions. The answer to the start is an operation, which only a role on the whole
 * project can read, so its execution is read instead.
 * @see https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs.executions
 */
export function allowRun(job: CloudRunV2Job, name: string, starter: Workload): RunRequest {
  const { url, waitFor } = allowStart(job, name, starter);
  return {
    url,
    token: 'oauth',
    run: {
      name: ['metadata', 'name'],
      url: 'https://run.googleapis.com/v2/{run}',
      state: ['conditions'],
      condition: 'Completed',
      succeeded: 'CONDITION_SUCCEEDED',
      failed: ['CONDITION_FAILED'],
    },
    waitFor: [...waitFor, allow(job, `Sees${name}`, 'roles/run.viewer', starter)],
  };
}

function allow(job: CloudRunV2Job, id: string, role: string, starter: Workload): CloudRunV2JobIamMember {
  const { project, location, name } = job;
  // A job that is replaced loses its grants. A plain address is used: hashicorp/terraform-cdk#3532.
  const lifecycle = { replaceTriggeredBy: [`${job.terraformResourceType}.${job.friendlyUniqueId}.id`] };
  const grant = { project, location, name, role, member: starter.member, lifecycle };
  return onceIn(starter, id, () => new CloudRunV2JobIamMember(starter, id, grant));
}
