import type { Construct } from 'constructs';
import { alertAbove, alertOnAbsence } from '../../foundation/alert';
import { silenceOf } from '../../foundation/schedule/longest-pause';
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

const runsOf = ({ project, environment, name, notify }: WatchedEnvironment, state: 'failed' | 'success') => ({
  project,
  title: `${name}: ${state === 'failed' ? 'failed' : 'no success'}`,
  filter: [
    'resource.type = "cloud_composer_workflow"',
    `resource.labels.workflow_name = "${environment}.${name}"`,
    'metric.type = "composer.googleapis.com/workflow/run_count"',
    `metric.labels.state = "${state}"`,
  ],
  notify,
});

/** Add an alert on the first run of the DAG that fails. */
export function alertOnFailed(scope: Construct, watched: WatchedEnvironment) {
  const { project, region, name } = watched;
  const list = `gcloud composer environments run ${name} --location=${region} --project=${project} dags list-runs -- --dag-id=${name} --state=failed`;
  return alertAbove(scope, 'FailedAlert', {
    ...runsOf(watched, 'failed'),
    condition: 'run_count failed',
    kind: 'counter',
    above: 0,
    periodSeconds: 300,
    lastingSeconds: 60,
    meaning: `A run failed, and the steps after the one that failed were not started. The log of the task that failed names the cause. See \`${list}\`. Clear the task when the cause is gone: \`start\` starts the job again, \`wait\` only looks at it again.`,
  });
}

/**
 * Add an alert on a DAG that should have succeeded again: it is not started, or a job hangs. There is none for a schedule that is
 * paused, or whose pauses are longer than Cloud Monitoring looks back.
 * @param lastingSeconds how long one run may take
 */
export function alertOnSilence(scope: Construct, watched: WatchedEnvironment, recurrence: Recurrence, lastingSeconds: number) {
  const silence = silenceOf(recurrence, lastingSeconds);
  if (silence === undefined) return undefined;
  const alert = {
    ...runsOf(watched, 'success'),
    condition: 'run_count success is absent',
    meaning: 'No run has succeeded since the schedule was due. The DAG is not started, or its jobs fail or hang.',
  };
  return alertOnAbsence(scope, 'SilenceAlert', alert, silence);
}
