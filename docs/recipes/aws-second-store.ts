// docs:start
import type { Construct } from 'constructs';
import { KinesisBuffer } from '../../aws/buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../aws/connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../aws/foundation/platform';
import { LambdaProcessor } from '../../aws/processing/lambda/lambda-processor';
import { S3Store } from '../../aws/store/s3/s3-store';
import eventSchema from '../../shared/runtime/event.schema.json';
import { packageHandler } from '../../shared/synth/handler-package';

/**
 * A second store, and a second function that fills it.
 *
 * Each store has its own function, so that an outage of one store does not affect the other. Both functions read the same stream
 * independently, and share the read throughput of 2 MB a second of each shard: the buffer has no enhanced fan-out. The second one
 * gets events of one type only: Lambda filters them before it calls the function. If it needs another transform, copy the folder of
 * the handler to `aws/handlers/kinesis-to-s3-heated`, and import the other transform in its `main.ts`.
 */
export class SecondStore extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, props);
    const { removal } = this;
    const code = packageHandler('aws/handlers/kinesis-to-s3');

    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema });
    const store = new S3Store(this, 'Store', { removal });
    new LambdaProcessor(this, 'Processing', { code, source: buffer, stores: { STORE: store } });
    const heated = new S3Store(this, 'StoreHeated', { removal, prefix: 'heated/' });
    new LambdaProcessor(this, 'ProcessingHeated', {
      name: 'heated',
      code,
      source: buffer,
      stores: { STORE: heated },
      delivery: { filters: [{ data: { type: ['com.example.press.heated'] } }] },
    });
  }
}
// docs:end
