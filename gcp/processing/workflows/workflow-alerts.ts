import type { Construct } from 'constructs';
import { alertAbove, alertOnAbsence } from '../../foundation/alert';
import { silenceOf } from '../../foundation/schedule/longest-pause';
import type { Recurrence } from '../../foundation/schedule/schedule';

/** A workflow, and whom its alerts notify. */
export interface WatchedWorkflow {
  readonly project: string;
  /** The name of the workflow, as a reference to it. */
  readonly workflow: string;
  /** The start of the display names. */
  readonly name: string;
  readonly notify: readonly string[];
}

const alertOf = ({ project, workflow, name, notify }: WatchedWorkflow, status: 'FAILED' | 'SUCCEEDED') => ({
  project,
  title: `${name}: ${status === 'FAILED' ? 'failed' : 'no success'}`,
  filter: [
    'resource.type = "workflows.googleapis.com/Workflow"',
    `resource.labels.workflow_id = "${workflow}"`,
    'metric.type = "workflows.googleapis.com/finished_execution_count"',
    `metric.labels.status = "${status}"`,
  ],
  notify,
});

/** Add an alert on the first execution of a workflow that fails. */
export function alertOnFailed(scope: Construct, watched: WatchedWorkflow) {
  const log = `gcloud logging read 'resource.labels.workflow_id="${watched.name}" severity>=ERROR' --project=${watched.project}`;
  return alertAbove(scope, 'FailedAlert', {
    ...alertOf(watched, 'FAILED'),
    condition: 'finished_execution_count FAILED',
    kind: 'counter',
    above: 0,
    periodSeconds: 300,
    lastingSeconds: 60,
    meaning: `An execution failed, and the jobs after the one that failed were not started. Its log names the job and the cause: \`${log}\`. Start the workflow again when the cause is gone: every job is repeated.`,
  });
}

/**
 * Add an alert on a workflow that should have succeeded again: it is not started, or a job hangs. There is none for a schedule that is
 * paused, or whose pauses are longer than Cloud Monitoring looks back.
 * @param lastingSeconds how long one execution may take
 */
export function alertOnSilence(scope: Construct, watched: WatchedWorkflow, recurrence: Recurrence, lastingSeconds: number) {
  const silence = silenceOf(recurrence, lastingSeconds);
  if (silence === undefined) return undefined;
  const alert = {
    ...alertOf(watched, 'SUCCEEDED'),
    condition: 'finished_execution_count SUCCEEDED is absent',
    meaning: 'No execution has succeeded since the schedule was due. The workflow is not started, or its jobs fail or hang.',
  };
  return alertOnAbsence(scope, 'SilenceAlert', alert, silence);
}
