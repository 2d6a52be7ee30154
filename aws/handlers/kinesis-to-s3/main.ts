import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { setting } from '../../../shared/runtime/setting';
import { transform } from '../../../shared/runtime/transform';
import { kinesisToS3 } from './handler';

const s3 = new S3Client({});
const sqs = new SQSClient({});
const bucket = setting('STORE_BUCKET');
const prefix = setting('STORE_PREFIX');
const queueUrl = setting('DEAD_LETTER_QUEUE_URL');

export const handler = kinesisToS3({
  transform,
  putObject: async (key, body) => {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: prefix + key, Body: body, ContentType: 'application/x-ndjson' }));
  },
  sendMessage: async (body) => {
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
  },
});
