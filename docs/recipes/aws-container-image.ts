// docs:start
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Code, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { KinesisBuffer } from '../../aws/buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../aws/connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../aws/foundation/platform';
import { LambdaProcessor } from '../../aws/processing/lambda/lambda-processor';
import { S3Store } from '../../aws/store/s3/s3-store';
import eventSchema from '../../shared/runtime/event.schema.json';

/**
 * A handler in a container image.
 *
 * For code in another language, or with libraries over 250 MB. The image must be in ECR in the same region, and built for arm64.
 * Use its digest: with a tag, Lambda keeps the image that the tag had at the deploy. The deploying user needs
 * `ecr:GetRepositoryPolicy` and `ecr:SetRepositoryPolicy` on the repository, so that Lambda may pull the image.
 *
 * The image must follow the same rules as the handler in Python. The tests of this repository do not run images: test it yourself.
 */
export class ContainerImage extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, props);
    const { removal } = this;
    const images = Repository.fromRepositoryName(this, 'Images', 'acme/handlers');

    const store = new S3Store(this, 'Store', { removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema });
    new LambdaProcessor(this, 'Processing', {
      code: Code.fromEcrImage(images, { tagOrDigest: `sha256:${'0123456789abcdef'.repeat(4)}` }),
      runtime: Runtime.FROM_IMAGE,
      source: buffer,
      stores: { STORE: store },
    });
  }
}
// docs:end
