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
 * Copy the folder with the two Python files too. Rewrite `transform.py`. `index.py` does what every handler must do: it reads its
 * settings from environment variables, writes the same object at every retry, reports a failed batch in `batchItemFailures`, and
 * sends records that can never be processed to the dead letter in the format that `npm run replay` reads. It needs boto3, which is
 * part of the Lambda runtime. A test runs it as Lambda does.
 *
 * Limits: the handler checks only the five attributes that every event has; API Gateway checks the whole contract. A number with
 * more digits than a float can represent goes to the dead letter. It is not checked that the code fits its source and its stores,
 * and `npm run local` runs only Node.js.
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
