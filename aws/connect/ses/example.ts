import { CfnParameter } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { SqsBuffer } from '../../buffer/sqs/sqs-buffer';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { LambdaProcessor } from '../../processing/lambda/lambda-processor';
import { S3Store } from '../../store/s3/s3-store';
import { SesEntry } from './ses-entry';

/** Mails for a domain are received by SES and stored as they came, and an event of each is queued by SQS, processed by Lambda, and stored in S3. */
export class AwsSes extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Mails for a domain, received by SES, queued by SQS, processed by Lambda, stored in S3.', ...props });
    const { removal } = this;
    const description = 'The domain that mails are received for, such as example.com.';
    const domain = new CfnParameter(this, 'Domain', { description, allowedPattern: '^([a-z0-9-]+\\.)+[a-z]{2,63}$' }).valueAsString;

    const store = new S3Store(this, 'Store', { removal });
    const mails = new S3Store(this, 'Mails', { bucket: store.bucket, prefix: 'mail/' });
    const buffer = new SqsBuffer(this, 'Buffer', { removal });
    const connect = new SesEntry(this, 'Connect', { domain, store: mails, sink: buffer, removal });
    new LambdaProcessor(this, 'Processing', { code: packageHandler('aws/handlers/sqs-to-s3'), source: buffer, stores: { STORE: store } });

    for (const [index, { name, type, value, purpose }] of connect.dnsRecords.entries()) {
      this.output({ [`DnsRecord${index + 1}`]: [`${name} ${type} ${value}`, purpose] });
    }
    this.output({
      ShowCommand: [`aws s3 ls --recursive s3://${store.bucket.bucketName}/`, 'Shows the mails and the events that were stored.'],
      DeadLettersCommand: [`aws sqs receive-message --queue-url ${buffer.deadLetterQueue.queueUrl}`, 'Shows what could not be processed.'],
    });
  }
}
