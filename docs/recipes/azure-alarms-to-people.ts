// docs:start
import type { Construct } from 'constructs';
import { AzurePipeline } from '../../azure/architectures/pipeline';
import type { AzurePlatformProps } from '../../azure/foundation/platform';

/**
 * Alarms by mail.
 *
 * Alerts go to action groups, and those in a group hear them. Make a group once: `az monitor action-group create --resource-group
 * acme --name on-call --action email boss boss@example.com`. Its id is what `notify` takes. Slack does not read what an action
 * group sends to a webhook: give the group the e-mail address of a Slack channel, or a Logic App that posts to Slack. Where only
 * one environment has people on call, set `notify` in its file instead: [environments](../environments.md).
 */
export class AlarmsToPeople extends AzurePipeline {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    const subscription = '/subscriptions/11111111-2222-3333-4444-555555555555';
    super(scope, id, { notify: [`${subscription}/resourceGroups/acme/providers/Microsoft.Insights/actionGroups/on-call`], ...props });
  }
}
// docs:end
