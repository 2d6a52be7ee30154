// docs:start
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { KinesisBuffer } from '../../aws/buffer/kinesis/kinesis-buffer';
import { LambdaProcessor } from '../../aws/processing/lambda/lambda-processor';
import { S3Store } from '../../aws/store/s3/s3-store';
import { packageHandler } from '../../shared/synth/handler-package';

const app = new App();
const stack = new Stack(app, 'presses');

const store = new S3Store(stack, 'Store', { bucket: Bucket.fromBucketName(stack, 'Lake', 'my-lake'), prefix: 'raw/presses/' });
const buffer = new KinesisBuffer(stack, 'Buffer', { retention: Duration.days(30) });
new LambdaProcessor(stack, 'Processing', {
  code: packageHandler('aws/handlers/kinesis-to-s3'),
  source: buffer,
  stores: { STORE: store },
  delivery: { batchSize: 500, batchWindow: Duration.minutes(1), maxRetries: 20 },
});
// docs:end
app.synth();
