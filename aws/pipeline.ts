import { type App, CfnOutput, Stack, Tags } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import eventSchema from '../shared/runtime/event.schema.json';
import { packageHandler } from '../shared/synth/handler-package';
import { type Removal, requireText, type TextRule } from '../shared/synth/settings';
import { KinesisBuffer } from './buffer/kinesis-buffer';
import { ApiGatewayEntry } from './connect/api-gateway-entry';
import { LambdaProcessor } from './processing/lambda-processor';
import { S3Store } from './store/s3-store';

const TOPIC_ARN: TextRule = {
  pattern: /^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/,
  must: 'be the ARN of a topic',
  remedy: 'See aws sns list-topics.',
};

/** Settings for {@link AwsPipeline}. */
export interface AwsPipelineProps {
  /**
   * What happens to data when the stack is deleted.
   * @default retain
   */
  readonly removal?: Removal;
  /**
   * The ARN of an SNS topic that hears every alarm. The context `notify` says the same.
   * @default - alarms change their state and tell nobody
   */
  readonly notify?: string;
  /**
   * Whether the account has a role that lets API Gateway write logs, or this stack makes it. The context
   * `accountLogRole` says the same.
   * @default existing
   */
  readonly accountLogRole?: 'existing' | 'create';
}

/** API Gateway, Kinesis, Lambda, S3: events come in over HTTPS and end as lines of JSON in a bucket. */
export class AwsPipeline extends Stack {
  constructor(scope: App, id: string, props: AwsPipelineProps = {}) {
    super(scope, id, { description: 'Events over HTTPS, buffered by Kinesis, processed by Lambda, stored in S3.' });
    const { removal } = props;
    const notify: string | undefined = props.notify ?? this.node.tryGetContext('notify') ?? undefined;
    const accountLogRole = props.accountLogRole ?? this.node.tryGetContext('accountLogRole') ?? undefined;
    if (notify !== undefined) requireText(this, { notify }, TOPIC_ARN);
    Tags.of(this).add('platform', id);

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    const processing = new LambdaProcessor(this, 'Processing', {
      code: Code.fromAsset(packageHandler('aws/handlers/kinesis-to-s3').zip),
      source: buffer,
      stores: { STORE: store },
    });

    if (notify !== undefined) {
      const action = new SnsAction(Topic.fromTopicArn(this, 'Notify', notify));
      for (const stage of [connect, buffer, processing]) for (const alarm of stage.alarms) alarm.addAlarmAction(action);
    }

    const outputs = {
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, 'Sends one event. Whoever runs it needs a grant such as grantSend.'],
      ShowCommand: [`aws s3 ls --recursive s3://${store.bucket.bucketName}/${store.prefix}`, 'Shows what was stored.'],
      DeadLettersCommand: [`aws sqs receive-message --queue-url ${buffer.deadLetterQueue.queueUrl}`, 'Shows what could not be processed.'],
    };
    for (const [name, [value, description]] of Object.entries(outputs)) new CfnOutput(this, name, { value: value!, description });
  }
}
