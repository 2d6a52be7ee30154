import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { SqsBuffer } from '../../buffer/sqs/sqs-buffer';
import { EventBridgeEntry } from '../../connect/eventbridge/eventbridge-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { LambdaProcessor } from '../../processing/lambda/lambda-processor';
import { S3Store } from '../../store/s3/s3-store';
import { EcrRepository } from './ecr-repository';

/** Images are pushed to ECR, which scans them. Scans that find a critical vulnerability go by EventBridge and SQS to Lambda, which stores them in an S3 bucket. */
export class AwsEcr extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Images in ECR, and their critical vulnerabilities as events, stored in S3.', ...props });
    const { removal } = this;

    const images = new EcrRepository(this, 'Containerization', { releaseTags: ['release-'], removal });
    const store = new S3Store(this, 'Store', { removal });
    const buffer = new SqsBuffer(this, 'Buffer', { removal });
    new EventBridgeEntry(this, 'Connect', { sink: buffer, bus: 'aws', pattern: images.criticalFindings, removal });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/sqs-to-s3'),
      source: buffer,
      stores: { STORE: store },
    });

    this.output({
      PushTo: [images.repository.repositoryUri, 'Push images here, with the commit as their tag.'],
      ShowCommand: [`aws s3 ls --recursive s3://${store.bucket.bucketName}/${store.prefix}`, 'Shows the findings.'],
    });
  }
}
