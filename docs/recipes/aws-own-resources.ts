// docs:start
import { Duration } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { KinesisBuffer } from '../../aws/buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../aws/connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../aws/foundation/platform';
import { LambdaProcessor } from '../../aws/processing/lambda/lambda-processor';
import { S3Store } from '../../aws/store/s3/s3-store';
import eventSchema from '../../shared/runtime/event.schema.json';
import { packageHandler } from '../../shared/synth/handler-package';

/**
 * An existing bucket and an existing key.
 *
 * The stack does not change them. The owner of the key must allow Kinesis and the two roles to use it. The bucket keeps its own
 * encryption, versioning and lifecycle rules.
 */
export class OwnResources extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, props);
    const encryptionKey = Key.fromKeyArn(this, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/2f0b9a6c-1d5e-4b8a-9a53-7b1f6a0c2d11');

    const store = new S3Store(this, 'Store', { bucket: Bucket.fromBucketName(this, 'Lake', 'acme-lake'), prefix: 'raw/presses/' });
    const buffer = new KinesisBuffer(this, 'Buffer', { encryptionKey, retention: Duration.days(30) });
    new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/kinesis-to-s3'),
      source: buffer,
      stores: { STORE: store },
    });
  }
}
// docs:end
