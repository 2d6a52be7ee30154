// docs:start
import type { Construct } from 'constructs';
import { AzurePipeline } from '../../azure/architectures/pipeline';
import type { AzurePlatformProps } from '../../azure/foundation/platform';

/**
 * Alarms by mail.
 *
 * Alerts are sent to the members of action groups. Create a group once: `az monitor action-group create --resource-group
 * acme --name on-call --action email boss boss@example.com`. Set `notify` to its id. Slack cannot read the webhook format of action
 * groups: add the e-mail address of a Slack channel to the group, or a Logic App that posts to Slack. To send the alerts of one
 * environment only, set `notify` in its file instead: [environments](../environments.md).
 */
export class AlarmsToPeople extends AzurePipeline {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    const subscription = '/subscriptions/11111111-2222-3333-4444-555555555555';
    super(scope, id, { notify: [`${subscription}/resourceGroups/acme/providers/Microsoft.Insights/actionGroups/on-call`], ...props });
  }
}
// docs:end
