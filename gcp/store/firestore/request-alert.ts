import type { Construct } from 'constructs';
import { alertAbove } from '../../foundation/alert';

/** The database that is watched, and the channels that are notified. */
interface Watched {
  readonly project: string;
  /** The id of the database. */
  readonly database: string;
  /** The ids of the notification channels. */
  readonly notify: readonly string[];
}

/** Answers that are no fault of the database: a row that is stored already, a look-up of what is not there, a row that is refused. */
const EXPECTED = ['OK', 'ALREADY_EXISTS', 'NOT_FOUND', 'INVALID_ARGUMENT'];

/**
 * Open an incident if more than 10 requests fail within five minutes: the database throttles, is not available, or denies a writer.
 * @see https://cloud.google.com/firestore/docs/understand-performance-monitoring
 */
export function alertOnFailedRequests(scope: Construct, { project, database, notify }: Watched) {
  return alertAbove(scope, 'FailedRequests', {
    project,
    title: `${database}: failed requests`,
    condition: 'firestore request_count',
    filter: [
      'resource.type = "firestore.googleapis.com/Database"',
      `resource.labels.database_id = "${database}"`,
      'metric.type = "firestore.googleapis.com/api/request_count"',
      ...EXPECTED.map((code) => `metric.labels.response_code != "${code}"`),
    ],
    kind: 'counter',
    above: 10,
    periodSeconds: 300,
    lastingSeconds: 60,
    meaning: 'Requests to the database fail: it throttles, is not available, or denies a caller. Writes of events are retried.',
    notify,
  });
}
