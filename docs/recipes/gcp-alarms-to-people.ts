// docs:start
import type { Construct } from 'constructs';
import { GcpPipeline } from '../../gcp/architectures/pipeline';
import type { GcpPlatformProps } from '../../gcp/foundation/platform';

/**
 * Alarms by mail, or in Slack.
 *
 * Alerts go to notification channels. Make one for mail once: `gcloud beta monitoring channels create --display-name=on-call
 * --type=email --channel-labels=email_address=on-call@example.com`. It prints the id that `notify` takes. A channel for Slack needs
 * a token of Slack, which the console of Cloud Monitoring asks Slack for: make it there, and take its id from `gcloud beta
 * monitoring channels list`. Where only one environment has people on call, set `notify` in its file instead:
 * [environments](../environments.md).
 */
export class AlarmsToPeople extends GcpPipeline {
  constructor(scope: Construct, id: string, props: GcpPlatformProps = {}) {
    super(scope, id, { notify: ['projects/acme-data/notificationChannels/1234567890123456789'], ...props });
  }
}
// docs:end
