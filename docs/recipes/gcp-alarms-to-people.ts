// docs:start
import type { Construct } from 'constructs';
import { GcpPipeline } from '../../gcp/architectures/pipeline';
import type { GcpPlatformProps } from '../../gcp/foundation/platform';

/**
 * Alarms by mail, or in Slack.
 *
 * Alerts are sent to notification channels. Create one for mail once: `gcloud beta monitoring channels create --display-name=on-call
 * --type=email --channel-labels=email_address=on-call@example.com`. It prints the id for `notify`. Create a channel for Slack in the
 * console of Cloud Monitoring, which gets the token from Slack. `gcloud beta monitoring channels list` shows its id. To send the
 * alerts of one environment only, set `notify` in its file instead:
 * [environments](../environments.md).
 */
export class AlarmsToPeople extends GcpPipeline {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, { notify: ['projects/acme-data/notificationChannels/1234567890123456789'], ...props });
  }
}
// docs:end
