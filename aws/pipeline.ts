import { type App, CfnOutput, Stack } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import eventSchema from '../shared/runtime/event.schema.json';
import { packageHandler } from '../shared/synth/handler-package';
import type { Removal } from '../shared/synth/settings';
import { KinesisBuffer } from './buffer/kinesis-buffer';
import { ApiGatewayEntry } from './connect/api-gateway-entry';
import { LambdaProcessor } from './processing/lambda-processor';
import { S3Store } from './store/s3-store';

/** Settings for {@link AwsPipeline}. */
export interface AwsPipelineProps {
  /**
   * What happens to data when the stack is deleted.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * The ARN of an SNS topic that hears every alarm.
   * @default - alarms change their state and tell nobody
   */
  readonly notify?: string;
}

/** API Gateway, Kinesis, Lambda, S3: events come in over HTTPS and end as lines of JSON in a bucket. */
export class AwsPipeline extends Stack {
  constructor(scope: App, id: string, props: AwsPipelineProps = {}) {
    super(scope, id, { description: 'Events over HTTPS, buffered by Kinesis, processed by Lambda, stored in S3.' });
    const { removal } = props;

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema });
    const processing = new LambdaProcessor(this, 'Processing', {
      code: Code.fromAsset(packageHandler('aws/handlers/kinesis-to-s3').zip),
      source: buffer,
      stores: { STORE: store },
    });

    if (props.notify) {
      const action = new SnsAction(Topic.fromTopicArn(this, 'Notify', props.notify));
      for (const stage of [connect, buffer, processing]) for (const alarm of stage.alarms) alarm.addAlarmAction(action);
    }

    const bucket = store.bucket.bucketName;
    new CfnOutput(this, 'Url', { value: connect.url, description: 'Send events here, signed.' });
    new CfnOutput(this, 'Curl', { value: connect.curl, description: 'Sends the event in event.json.' });
    new CfnOutput(this, 'Show', { value: `aws s3 ls --recursive s3://${bucket}/${store.prefix}`, description: 'Shows what was stored.' });
    new CfnOutput(this, 'DeadLetters', {
      value: `aws sqs receive-message --queue-url ${buffer.deadLetterQueue.queueUrl}`,
      description: 'Shows what could not be processed.',
    });
  }
}
