import type { Construct } from 'constructs';
import { alertAbove } from '../../foundation/alert';
import { alertOnFailedRun, alertOnNoSuccess, type WatchedRuns } from '../../foundation/schedule/run-alerts';
import type { Recurrence } from '../../foundation/schedule/schedule';

/** An environment with its DAG, and whom its alerts notify. */
export interface WatchedEnvironment {
  readonly project: string;
  readonly region: string;
  /** The name of the environment, as a reference to it. */
  readonly environment: string;
  /** The name of the environment and of its DAG. */
  readonly name: string;
  readonly notify: readonly string[];
}

/** Add an alert on an environment that does not run a test of its own, which Composer starts every few minutes. */
export function alertOnUnhealthy(scope: Construct, { project, region, environment, name, notify }: WatchedEnvironment) {
  return alertAbove(scope, 'UnhealthyAlert', {
    project,
    title: `${name}: unhealthy`,
    condition: 'environment/healthy is false',
    filter: [
      'resource.type = "cloud_composer_environment"',
      `resource.labels.environment_name = "${environment}"`,
      'metric.type = "composer.googleapis.com/environment/healthy"',
    ],
    kind: 'check',
    above: 4,
    periodSeconds: 900,
    lastingSeconds: 300,
    meaning: `Airflow did not run the test of Composer, so it may not start jobs. See \`gcloud composer environments describe ${name} --location=${region} --project=${project}\` and the logs of the scheduler. An update of the environment can cause it for a while.`,
    notify,
  });
}

function runsOf({ project, environment, name, notify }: WatchedEnvironment): WatchedRuns {
  return {
    project,
    name,
    resource: ['resource.type = "cloud_composer_workflow"', `resource.labels.workflow_name = "${environment}.${name}"`],
    metric: 'composer.googleapis.com/workflow/run_count',
    result: { label: 'state', failed: 'failed', succeeded: 'success' },
    notify,
  };
}

/** Add an alert on the first run of the DAG that fails. */
export function alertOnFailed(scope: Construct, watched: WatchedEnvironment) {
  const { project, region, name } = watched;
  const list = `gcloud composer environments run ${name} --location=${region} --project=${project} dags list-runs -- --dag-id=${name} --state=failed`;
  const meaning = `A run failed, and the steps after the one that failed were not started. The log of the task that failed names the cause. See \`${list}\`. Clear the task when the cause is gone: \`start\` starts the job again, \`wait\` only looks at it again.`;
  alertOnFailedRun(scope, runsOf(watched), meaning);
}

/**
 * Add an alert on a DAG that should have succeeded again: it is not started, or a job hangs.
 * @param lastingSeconds how long one run may take
 */
export function alertOnSilence(scope: Construct, watched: WatchedEnvironment, recurrence: Recurrence, lastingSeconds: number) {
  const meaning = 'No run has succeeded since the schedule was due. The DAG is not started, or its jobs fail or hang.';
  alertOnNoSuccess(scope, runsOf(watched), { recurrence, lastingSeconds, meaning });
}
