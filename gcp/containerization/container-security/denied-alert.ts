import type { Construct } from 'constructs';
import { alertOnLog } from '../../foundation/alert';

/** Whose policy is watched, and whom the alert notifies. */
interface Watched {
  readonly project: string;
  /** The start of the display name. */
  readonly name: string;
  readonly notify: readonly string[];
}

/**
 * Add an alert on images that the policy refuses, or would refuse without the dry run, and on each use of break glass. Cloud Run writes
 * all three to the audit log of system events, which is always on.
 * @see https://cloud.google.com/binary-authorization/docs/run/viewing-audit-logs-cloud-run
 */
export function alertOnDenied(scope: Construct, { project, name, notify }: Watched) {
  return alertOnLog(scope, 'DeniedAlert', {
    project,
    title: `${name}: image not attested`,
    condition: 'an image is not attested',
    filter: [
      'resource.type = ("cloud_run_revision" OR "cloud_run_job" OR "cloud_run_worker_pool")',
      `resource.labels.project_id = "${project}"`,
      'log_id("cloudaudit.googleapis.com/system_event")',
      '(protoPayload.response.status.conditions.reason = "ContainerImageUnauthorized" OR "dry run" OR "breakglass")',
    ],
    meaning:
      'An image without a valid attestation was refused, or it started because the policy is a dry run or because somebody used break ' +
      'glass. See the audit log for the revision. Sign the image by its digest, or find out who deployed it.',
    notify,
  });
}
