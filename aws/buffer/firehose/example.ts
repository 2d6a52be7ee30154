import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { ApiGatewayEntry } from '../../connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { S3Store } from '../../store/s3/s3-store';
import { FirehoseDelivery } from './firehose-delivery';

/** Events are sent over HTTPS, buffered and checked by Data Firehose, and stored as lines of JSON in an S3 bucket. */
export class AwsFirehose extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Events over HTTPS, buffered and checked by Data Firehose, stored in S3.', ...props });
    const { removal, accountLogRole } = this;

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new FirehoseDelivery(this, 'Buffer', { store });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });

    const objects = (prefix: string) => `aws s3 ls --recursive s3://${store.bucket.bucketName}/${prefix}`;
    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      ShowCommand: [objects(store.prefix), 'Shows what was stored, 5 minutes after it was sent.'],
      FailedCommand: [objects(buffer.failedPrefix), 'Shows what could not be processed.'],
    });
  }
}
