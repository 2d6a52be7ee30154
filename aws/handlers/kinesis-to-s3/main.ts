import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { setting } from '../../../shared/runtime/setting';
import { transform } from '../../../shared/runtime/transform';
import { kinesisToS3 } from './handler';

// A service that stalls must fail while the function still lives, so that the batch comes again as it was.
const requestHandler = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true };
const s3 = new S3Client({ requestHandler });
const sqs = new SQSClient({ requestHandler });
const bucket = setting('STORE_BUCKET');
const prefix = setting('STORE_PREFIX');
const queueUrl = setting('DEAD_LETTER_QUEUE_URL');

export const handler = kinesisToS3({
  transform,
  processor: setting('PROCESSOR'),
  putObject: async (key, body) => {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: prefix + key, Body: body, ContentType: 'application/x-ndjson' }));
  },
  sendMessage: async (body) => {
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
  },
});
