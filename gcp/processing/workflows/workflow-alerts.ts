import type { Construct } from 'constructs';
import { alertOnFailedRun, alertOnNoSuccess, type WatchedRuns } from '../../foundation/schedule/run-alerts';
import type { Recurrence } from '../../foundation/schedule/schedule';

/** A workflow, and whom its alerts notify. */
export interface WatchedWorkflow extends Pick<WatchedRuns, 'project' | 'name' | 'notify'> {
  /** The name of the workflow, as a reference to it. */
  readonly workflow: string;
}

function runsOf({ workflow, ...watched }: WatchedWorkflow): WatchedRuns {
  return {
    ...watched,
    resource: ['resource.type = "workflows.googleapis.com/Workflow"', `resource.labels.workflow_id = "${workflow}"`],
    metric: 'workflows.googleapis.com/finished_execution_count',
    result: { label: 'status', failed: 'FAILED', succeeded: 'SUCCEEDED' },
  };
}

/** Add an alert on the first execution of a workflow that fails. */
export function alertOnFailed(scope: Construct, watched: WatchedWorkflow) {
  const log = `gcloud logging read 'resource.labels.workflow_id="${watched.name}" severity>=ERROR' --project=${watched.project}`;
  const meaning = `An execution failed, and the jobs after the one that failed were not started. Its log names the job and the cause: \`${log}\`. Start the workflow again when the cause is gone: every job is repeated.`;
  alertOnFailedRun(scope, runsOf(watched), meaning);
}

/**
 * Add an alert on a workflow that should have succeeded again: it is not started, or a job hangs.
 * @param lastingSeconds how long one execution may take
 */
export function alertOnSilence(scope: Construct, watched: WatchedWorkflow, recurrence: Recurrence, lastingSeconds: number) {
  const meaning = 'No execution has succeeded since the schedule was due. The workflow is not started, or its jobs fail or hang.';
  alertOnNoSuccess(scope, runsOf(watched), { recurrence, lastingSeconds, meaning });
}
