import type { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { Construct } from 'constructs';
import { alertAbove } from '../../foundation/alert';

/** What is watched, and who hears of it. */
interface Watched {
  readonly project: string;
  /** The name of the Cloud Run service below the function. */
  readonly service: string;
  /** What starts the name of the alert. */
  readonly name: string;
  readonly notify?: readonly string[];
}

/** Alert on the first call of a function that fails. */
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
    meaning: 'Calls failed. Their events are tried again, then go to the dead letter.',
    notify,
  });
}
