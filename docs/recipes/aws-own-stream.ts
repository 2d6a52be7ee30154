// docs:start
import { Duration } from 'aws-cdk-lib';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import type { Construct } from 'constructs';
import { KinesisBuffer } from '../../aws/buffer/kinesis/kinesis-buffer';
import { AwsPlatform, type AwsPlatformProps } from '../../aws/foundation/platform';
import { LambdaProcessor } from '../../aws/processing/lambda/lambda-processor';
import { S3Store } from '../../aws/store/s3/s3-store';
import { packageHandler } from '../../shared/synth/handler-package';

/**
 * An existing stream.
 *
 * The existing producers write to it, so there is no Connect. Set `retention` to that of the stream: Lambda retries a record until
 * shortly before it ends. A record that is not a valid event goes to the dead letter, with the reason. A new stack starts with the
 * oldest record of the stream. To start with new records only, set `delivery: { startingPosition: StartingPosition.LATEST }`.
 */
export class OwnStream extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, props);
    const { removal } = this;
    const stream = Stream.fromStreamArn(this, 'Orders', 'arn:aws:kinesis:eu-west-1:123456789012:stream/orders');

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { stream, retention: Duration.days(2), removal });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/kinesis-to-s3'),
      source: buffer,
      stores: { STORE: store },
    });
  }
}
// docs:end
