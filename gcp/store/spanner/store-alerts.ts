import type { Construct } from 'constructs';
import { alertAbove } from '../../foundation/alert';

/** What is watched, and the channels that are notified. */
interface Watched {
  readonly project: string;
  /** The id of the instance. */
  readonly instance: string;
  /** The ids of the notification channels. */
  readonly notify: readonly string[];
}

const LASTING = { kind: 'gauge', periodSeconds: 60, lastingSeconds: 900 } as const;

/**
 * Open an incident if an instance has too little capacity for a quarter of an hour: high-priority work above what Google recommends,
 * which leaves room for the loss of a zone or of a region, or all work of a day, or storage.
 * @see https://cloud.google.com/spanner/docs/cpu-utilization#recommended-max
 */
export function alertOnCapacity(scope: Construct, watched: Watched & { readonly isRegional: boolean }) {
  const { project, instance, notify, isRegional } = watched;
  const resource = ['resource.type = "spanner_instance"', `resource.labels.instance_id = "${instance}"`];
  alertAbove(scope, 'HighPriorityCpu', {
    project,
    title: `${instance}: CPU`,
    condition: 'cpu utilization of high priority',
    filter: [...resource, 'metric.type = "spanner.googleapis.com/instance/cpu/utilization_by_priority"', 'metric.labels.priority = "high"'],
    // Each database has series of its own, for its users and for the system.
    sumBy: ['resource.label.location'],
    above: isRegional ? 0.65 : 0.45,
    ...LASTING,
    meaning: 'Reads and writes use more of the CPU than Google recommends, and become slow if a zone fails. Add processing units.',
    notify,
  });
  alertAbove(scope, 'SmoothedCpu', {
    project,
    title: `${instance}: CPU of a day`,
    condition: 'cpu smoothed_utilization',
    filter: [...resource, 'metric.type = "spanner.googleapis.com/instance/cpu/smoothed_utilization"'],
    sumBy: ['resource.label.location'],
    above: 0.9,
    ...LASTING,
    meaning: 'All work of a day uses more than 90 % of the CPU: backups and expiry fall behind. Add processing units.',
    notify,
  });
  alertAbove(scope, 'Storage', {
    project,
    title: `${instance}: storage`,
    condition: 'storage utilization',
    filter: [...resource, 'metric.type = "spanner.googleapis.com/instance/storage/utilization"'],
    above: 0.8,
    ...LASTING,
    meaning: 'The storage that the processing units allow is almost full. Spanner refuses writes at 100 %. Add processing units.',
    notify,
  });
}

/** Statuses that are no fault of the database: a row that is stored already, a commit that is tried again, a row that is refused. */
const EXPECTED = ['OK', 'ALREADY_EXISTS', 'ABORTED', 'INVALID_ARGUMENT'];

/**
 * Open an incident if more than 10 requests to a database fail within five minutes: it is not available, or denies a writer.
 * @see https://cloud.google.com/spanner/docs/monitoring-cloud
 */
export function alertOnFailedRequests(scope: Construct, watched: Watched & { readonly database: string }) {
  const { project, instance, database, notify } = watched;
  alertAbove(scope, 'FailedRequests', {
    project,
    title: `${instance}, ${database}: failed requests`,
    condition: 'spanner api_request_count',
    filter: [
      'resource.type = "spanner_instance"',
      `resource.labels.instance_id = "${instance}"`,
      'metric.type = "spanner.googleapis.com/api/api_request_count"',
      `metric.labels.database = "${database}"`,
      ...EXPECTED.map((status) => `metric.labels.status != "${status}"`),
    ],
    kind: 'counter',
    above: 10,
    periodSeconds: 300,
    lastingSeconds: 60,
    meaning: 'Requests to the database fail: it is not available, or denies a caller. Writes of events are retried.',
    notify,
  });
}
