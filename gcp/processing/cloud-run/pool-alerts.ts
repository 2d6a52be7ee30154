import type { Construct } from 'constructs';
import { alertOnAbsence, alertOnLog } from '../../foundation/alert';

/** A worker pool, and whom its alert notifies. */
export interface WatchedPool {
  readonly project: string;
  /** The name of the worker pool, as a reference to it. */
  readonly pool: string;
  /** The start of the display name. */
  readonly name: string;
  readonly notify: readonly string[];
}

/**
 * Add an alert on a worker pool without any instance for a quarter of an hour. An instance that ends and starts again and again is
 * none: the subscription has alerts on events that wait, and on those that are not acknowledged in time.
 * @see https://cloud.google.com/run/docs/monitoring
 */
export function alertOnGone(scope: Construct, { project, pool, name, notify }: WatchedPool) {
  const alert = {
    project,
    title: `${name}: no instances`,
    condition: 'billable_instance_time is absent',
    filter: [
      'resource.type = "cloud_run_worker_pool"',
      `resource.labels.worker_pool_name = "${pool}"`,
      'metric.type = "run.googleapis.com/container/billable_instance_time"',
    ],
    meaning:
      'The worker pool has no instance, so events wait. See whether its revision starts, and whether somebody has set its instances to 0.',
    notify,
  };
  return alertOnAbsence(scope, 'GoneAlert', alert, 900);
}

/** The autoscaler of a worker pool, and whom its alert notifies. */
export interface WatchedScaler extends Omit<WatchedPool, 'pool'> {
  /** The name of the service, as a reference to it. */
  readonly service: string;
}

/**
 * Add an alert on an autoscaler that answers 200 and scales nothing: it only writes into its log that it cannot read how many events wait,
 * or that it may not read the worker pool.
 * @see https://github.com/GoogleCloudPlatform/cloud-run-external-metrics-autoscaling
 */
export function alertOnUnscaled(scope: Construct, { project, service, name, notify }: WatchedScaler) {
  const lines = ['Unable to refresh metrics', 'Unexpected exception getting scaling result'].map((line) => `textPayload : "${line}"`);
  return alertOnLog(scope, 'UnscaledAlert', {
    project,
    title: `${name}: does not scale`,
    condition: 'the autoscaler does not scale',
    filter: ['resource.type = "cloud_run_revision"', `resource.labels.service_name = "${service}"`, `(${lines.join(' OR ')})`],
    meaning:
      'The autoscaler cannot read how many events wait, or cannot reach the worker pool, which keeps its number of instances. It tries again ' +
      'each minute: if its log goes on with such lines, see which permission or API they name.',
    notify,
  });
}
