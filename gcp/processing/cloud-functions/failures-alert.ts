import type { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { Construct } from 'constructs';
import { alertAbove } from '../../foundation/alert';

/** What the alert watches, and which channels it notifies. */
interface Watched {
  readonly project: string;
  /** The name of the Cloud Run service of the function. */
  readonly service: string;
  /** The start of the display name of the alert. */
  readonly name: string;
  readonly notify?: readonly string[];
}

/** Add an alert on the first failed call of a function. */
export function alertOnFailures(scope: Construct, { project, service, name, notify = [] }: Watched): MonitoringAlertPolicy {
  return alertAbove(scope, 'FailuresAlert', {
    project,
    title: `${name}: failed calls`,
    condition: 'request_count 5xx',
    filter: [
      'resource.type = "cloud_run_revision"',
      `resource.labels.service_name = "${service}"`,
      'metric.type = "run.googleapis.com/request_count"',
      'metric.labels.response_code_class = "5xx"',
    ],
    kind: 'counter',
    above: 0,
    periodSeconds: 300,
    lastingSeconds: 60,
    meaning: 'Calls failed. Their events are retried, then go to the dead letter.',
    notify,
  });
}
