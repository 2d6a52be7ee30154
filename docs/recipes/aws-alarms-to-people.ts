// docs:start
import type { Construct } from 'constructs';
import { AwsPipeline } from '../../aws/architectures/pipeline';
import type { AwsPlatformProps } from '../../aws/foundation/platform';

/**
 * Alarms by mail, or in Slack.
 *
 * Alarms are sent to an SNS topic and its subscribers. Create the topic once: `aws sns create-topic --name on-call`, then
 * `aws sns subscribe --topic-arn ... --protocol email --notification-endpoint on-call@example.com`. AWS sends a mail that must be
 * confirmed. For Slack, subscribe the topic in the console of Amazon Q Developer in chat applications. To send the alarms of one
 * environment only, set `notify` in its file instead: [environments](../environments.md).
 */
export class AlarmsToPeople extends AwsPipeline {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { notify: 'arn:aws:sns:eu-west-1:123456789012:on-call', ...props });
  }
}
// docs:end
