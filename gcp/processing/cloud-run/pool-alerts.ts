import type { Construct } from 'constructs';
import { alertOnAbsence } from '../../foundation/alert';

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
