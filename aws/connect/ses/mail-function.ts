import { Aws, Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { CfnPermission, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Removal } from '../../../shared/synth/settings';
import type { Reasons } from '../../foundation/acknowledge';
import { alarm, LASTING } from '../../foundation/alarms';
import { makeBundledFunction, NO_VPC } from '../../foundation/bundled-function';
import { WorkQueue } from '../../foundation/queue/work-queue';
import type { FunctionWorkload } from '../../ports/identity';
import type { RecordSink } from '../../ports/records';
import type { BucketStore } from '../../ports/stores';
import { requireSink } from './ses-settings';

const FUNCTION: Reasons = {
  'CKV_AWS_115, NIST.800.53.R5-LambdaConcurrency': 'One call for each mail. To limit it, set reservedConcurrentExecutions.',
  ...NO_VPC,
};

/** Settings for {@link MailFunction}. */
export interface MailFunctionProps {
  readonly domain: string;
  readonly store: BucketStore;
  readonly sink: RecordSink;
  /** The ARN of the rules that may call it. */
  readonly rules: string;
  readonly removal?: Removal;
}

/**
 * A function that SES calls for each mail: it reads the mail from the store, and puts an event into the buffer. Lambda retries a
 * failed call twice, within minutes. Then the call waits in a queue, from which it is retried for a day.
 */
export class MailFunction extends Construct implements FunctionWorkload {
  readonly role: Role;
  readonly function: LambdaFunction;
  /** Failed calls, with their dead letter. */
  readonly retries: WorkQueue;
  readonly permission: CfnPermission;
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { domain, store, sink, rules, removal }: MailFunctionProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const [mails, events] = [store.bindReader(this, 'STORE'), sink.bindWriter(this, 'SINK')];
    requireSink(scope, events);
    this.retries = new WorkQueue(this, 'Retries', { removal });
    this.function = makeBundledFunction(this, {
      folder: 'aws/runtime/ses/mail',
      memorySize: 512,
      timeout: Duration.minutes(1),
      environment: { DOMAIN: domain, ...mails.settings, ...events.settings },
      deadLetterQueue: this.retries.queue,
      logRetention: RetentionDays.ONE_MONTH,
      reasons: FUNCTION,
      waitFor: [...mails.waitFor, ...events.waitFor],
    });
    // One mail has up to 40 MB.
    this.retries.deliverTo(this, { batchSize: 1, batchWindow: Duration.seconds(0) });
    this.function.addPermission('Ses', {
      principal: new ServicePrincipal('ses.amazonaws.com'),
      sourceAccount: Aws.ACCOUNT_ID,
      sourceArn: rules,
    });
    this.permission = this.function.node.findChild('Ses') as CfnPermission;
    const lost = this.function.metric('DeadLetterErrors', { statistic: 'Sum' });
    this.alarms = [
      ...this.retries.alarms,
      alarm(this, 'Lost', lost, 'A mail becomes no event: its failed call could not be sent to the queue. The mail is in the store.'),
      alarm(this, 'Errors', this.function.metricErrors(), 'For 15 minutes calls have failed. They are retried for a day.', LASTING),
      alarm(this, 'Throttles', this.function.metricThrottles(), 'For 15 minutes Lambda has throttled calls.', LASTING),
    ];
  }
}
