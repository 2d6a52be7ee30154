import { Duration } from 'aws-cdk-lib';
import { type Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Reasons } from '../../foundation/acknowledge';
import { alarm, LASTING } from '../../foundation/alarms';
import { makeBundledFunction } from '../../foundation/bundled-function';
import type { FunctionWorkload } from '../../ports/identity';

const FUNCTION: Reasons = {
  'CKV_AWS_115, NIST.800.53.R5-LambdaConcurrency': 'Firehose calls it for at most 1 MiB of records at a time, and waits for the response.',
  'CKV_AWS_116, NIST.800.53.R5-LambdaDLQ':
    'There are no asynchronous calls. Firehose stores the records of a failed call under the failed prefix.',
  'CKV_AWS_117, NIST.800.53.R5-LambdaInsideVPC': 'It calls no service. In a VPC, it would call none either.',
};

/** Settings for {@link TransformFunction}. */
export interface TransformFunctionProps {
  /** Whether values that are not text become their JSON text, because the columns of the table are text. */
  readonly asText: boolean;
  /** Whether an event may have only one row, because a record has one partition. */
  readonly oneRow: boolean;
  readonly logRetention: RetentionDays;
}

/**
 * A function that Firehose calls with records before it stores them: it checks the event contract, and runs the transform. It
 * needs no permission but for its logs.
 * @see https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
 */
export class TransformFunction extends Construct implements FunctionWorkload {
  readonly role: Role;
  readonly function: LambdaFunction;
  /** Failed and throttled calls, and records that can never be processed. They have no action yet. */
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { asText, oneRow, logRetention }: TransformFunctionProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.function = makeBundledFunction(this, {
      folder: 'aws/runtime/transforms/firehose',
      memorySize: 512,
      // Firehose waits five minutes for a response. A call takes less than a second.
      timeout: Duration.minutes(1),
      environment: { AS_TEXT: asText ? 'yes' : 'no', ONE_ROW: oneRow ? 'yes' : 'no' },
      logRetention,
      reasons: FUNCTION,
      waitFor: [],
    });

    const failed = new Metric({
      namespace: 'FirehoseTransform',
      metricName: 'FailedRecords',
      dimensionsMap: { FunctionName: this.function.functionName },
      statistic: 'Sum',
      period: Duration.minutes(5),
    });
    const poison = 'Records can never be processed. They are in the failed prefix, and the reason is in the log of the function.';
    this.alarms = [
      alarm(this, 'Errors', this.function.metricErrors(), 'For 15 minutes calls have failed. Firehose retries three times.', LASTING),
      alarm(this, 'Throttles', this.function.metricThrottles(), 'For 15 minutes Lambda has throttled calls.', LASTING),
      alarm(this, 'Failed', failed, poison),
    ];
  }
}
