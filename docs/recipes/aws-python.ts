// docs:start
import path from 'node:path';
import { Code, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { KinesisBuffer } from '../../aws/buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../aws/connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../aws/foundation/platform';
import { LambdaProcessor } from '../../aws/processing/lambda/lambda-processor';
import { S3Store } from '../../aws/store/s3/s3-store';
import eventSchema from '../../shared/runtime/event.schema.json';

/**
 * A handler in Python.
 *
 * Take the folder with the two files of Python along. `transform.py` is yours to rewrite; `index.py` keeps what a handler owes:
 * it reads its settings from the environment, writes the same object at every try, says that a batch failed in
 * `batchItemFailures`, and sends what can never be processed to the dead letter in the form that `npm run replay` reads. It needs
 * boto3, which Lambda brings. A test runs it as Lambda does.
 *
 * What you give up: the handler checks the five attributes that every event has, and not the whole contract, which the gateway
 * does. A number with more digits than a float holds goes to the dead letter. Nobody checks that the code fits its source and its
 * stores, and `npm run local` runs Node.js alone.
 */
export class PythonHandler extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, props);
    const { removal } = this;

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema });
    new LambdaProcessor(this, 'Processing', {
      code: Code.fromAsset(path.join(__dirname, 'aws-python'), { exclude: ['*', '!*.py'] }),
      runtime: Runtime.PYTHON_3_14,
      source: buffer,
      stores: { STORE: store },
    });
  }
}
// docs:end
