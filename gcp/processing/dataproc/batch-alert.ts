import type { MonitoringAlertPolicy } from '@cdktf/provider-google/lib/monitoring-alert-policy';
import type { Construct } from 'constructs';
import { alertOnLog } from '../../foundation/alert';
import type { Site } from '../../ports/site';

/** A batch, who starts it, and whom its alert notifies. */
export interface WatchedBatch {
  readonly site: Site;
  /** The name of the batch, with the prefix. */
  readonly name: string;
  /** The email of the account that starts runs of this batch, and of no other. */
  readonly starter: string;
  readonly notify: readonly string[];
}

/**
 * Add an alert on a run that fails. A run has an id that nobody knows before, so it is found by who started it: the audit log has a line for the start, and
 * one for the end, with an error if the run has failed.
 * @see https://cloud.google.com/dataproc/docs/guides/audit-logging
 */
export function alertOnFailed(scope: Construct, { site, name, starter, notify }: WatchedBatch): MonitoringAlertPolicy {
  const { project, region } = site;
  const list = `gcloud dataproc batches list --region=${region} --project=${project} --filter='labels.job=${name} AND state=FAILED'`;
  return alertOnLog(scope, 'FailedAlert', {
    project,
    title: `${name}: failed`,
    condition: 'CreateBatch failed',
    filter: [
      'resource.type = "cloud_dataproc_batch"',
      `resource.labels.location = "${region}"`,
      'protoPayload.methodName = "google.cloud.dataproc.v1.BatchController.CreateBatch"',
      `protoPayload.authenticationInfo.principalEmail = "${starter}"`,
      'severity >= ERROR',
    ],
    meaning: `A run failed or was refused. What it has written stays. \`${list}\` shows it, and its log says why. The next run does the work again.`,
    notify,
  });
}
