import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { KinesisBuffer } from '../../buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { S3Store } from '../../store/s3/s3-store';
import { FlinkProcessor } from './flink-processor';

/** Events are sent over HTTPS, buffered by Kinesis, counted by type and minute by Apache Flink, and the counts are stored in S3. */
export class AwsFlink extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Events over HTTPS, buffered by Kinesis, counted by Flink, counts stored in S3.', ...props });
    const { removal, accountLogRole } = this;

    const store = new S3Store(this, 'Store', { prefix: 'counts/', removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    const processing = new FlinkProcessor(this, 'Processing', { source: buffer, store, removal });

    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      ShowCommand: [`aws s3 ls --recursive s3://${store.bucket.bucketName}/${store.prefix}`, 'Shows the counts that were stored.'],
      StateCommand: [
        `aws kinesisanalyticsv2 describe-application --application-name ${processing.application.ref} --query ApplicationDetail.ApplicationStatus`,
        'Shows whether the application runs.',
      ],
    });
  }
}
