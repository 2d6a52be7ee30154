import { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { Construct } from 'constructs';

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
  return new MonitoringAlertPolicy(scope, 'FailuresAlert', {
    project,
    displayName: `${name}: failed calls`,
    combiner: 'OR',
    conditions: [
      {
        displayName: 'request_count 5xx',
        conditionThreshold: {
          filter: [
            'resource.type = "cloud_run_revision"',
            `resource.labels.service_name = "${service}"`,
            'metric.type = "run.googleapis.com/request_count"',
            'metric.labels.response_code_class = "5xx"',
          ].join(' AND '),
          comparison: 'COMPARISON_GT',
          thresholdValue: 0,
          duration: '0s',
          aggregations: [{ alignmentPeriod: '300s', perSeriesAligner: 'ALIGN_DELTA', crossSeriesReducer: 'REDUCE_SUM' }],
        },
      },
    ],
    documentation: { content: 'Calls failed. Their events are tried again, then go to the dead letter.', mimeType: 'text/markdown' },
    notificationChannels: [...notify],
  });
}
