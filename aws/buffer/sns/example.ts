import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { packageHandler } from '../../../shared/synth/handler-package';
import { ApiGatewayEntry } from '../../connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { LambdaProcessor } from '../../processing/lambda/lambda-processor';
import { S3Store } from '../../store/s3/s3-store';
import { SnsBuffer } from './sns-buffer';

/** Events are sent over HTTPS and published by SNS to two queues: one gets every event, the other only those of machines. Lambda stores each queue in a bucket of its own. */
export class AwsSns extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, {
      description: 'Events over HTTPS, published by SNS to two queues, each processed by Lambda and stored in S3.',
      ...props,
    });
    const { removal, accountLogRole } = this;
    const code = packageHandler('aws/handlers/sqs-to-s3');

    const filter = { type: [{ prefix: 'com.example.press.' }] };
    const buffer = new SnsBuffer(this, 'Buffer', { subscribers: { Archive: {}, Machines: { filter } }, removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    for (const name of ['Archive', 'Machines']) {
      const store = new S3Store(this, `Store${name}`, { removal });
      const source = buffer.subscriber(name);
      new LambdaProcessor(this, `Processing${name}`, { name: name.toLowerCase(), code, source, stores: { STORE: store } });
      const { bucketName } = store.bucket;
      this.output({ [`Show${name}Command`]: [`aws s3 ls --recursive s3://${bucketName}/${store.prefix}`, `Shows what ${name} stored.`] });
    }
    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
    });
  }
}
