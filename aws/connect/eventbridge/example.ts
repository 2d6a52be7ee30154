import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { SqsBuffer } from '../../buffer/sqs/sqs-buffer';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { LambdaProcessor } from '../../processing/lambda/lambda-processor';
import { S3Store } from '../../store/s3/s3-store';
import { EventBridgeEntry } from './eventbridge-entry';

/** Applications put events on a bus of EventBridge, which archives them and sends them to SQS. Lambda stores them in an S3 bucket. */
export class AwsEventBridge extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, {
      description: 'Events of applications on a bus of EventBridge, queued by SQS, processed by Lambda, stored in S3.',
      ...props,
    });
    const { removal } = this;

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new SqsBuffer(this, 'Buffer', { removal });
    const connect = new EventBridgeEntry(this, 'Connect', { sink: buffer, removal });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/sqs-to-s3'),
      source: buffer,
      stores: { STORE: store },
    });

    this.output({
      SendCommand: [connect.sendCommand, 'Sends one event. Log in as an identity that grantSend or a policy allows to send.'],
      ShowCommand: [`aws s3 ls --recursive s3://${store.bucket.bucketName}/${store.prefix}`, 'Shows what was stored.'],
      DeadLettersCommand: [`aws sqs receive-message --queue-url ${buffer.deadLetterQueue.queueUrl}`, 'Shows what could not be processed.'],
    });
  }
}
