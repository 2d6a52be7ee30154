import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { PutRecordRequest } from '../../ports/records';

/**
 * The request that sends one message to a queue. Its body is a form, not JSON. Without `Version`, SQS answers that the queue
 * does not exist.
 * @param text an expression of the template language that yields the message
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function sendMessage({ queueUrl }: IQueue, text: string, waitFor: PutRecordRequest['waitFor']): PutRecordRequest {
  return {
    waitFor,
    service: 'sqs',
    action: 'SendMessage',
    contentType: 'application/x-www-form-urlencoded',
    body: `Action=SendMessage&Version=2012-11-05&QueueUrl=$util.urlEncode('${queueUrl}')&MessageBody=$util.urlEncode(${text})`,
    receipt: 'MessageId',
    receiptPath: '$.SendMessageResponse.SendMessageResult.MessageId',
    errorPath: '$.Error.Code',
    statusOfError: {
      RequestThrottled: 429,
      'KMS.ThrottlingException': 429,
      // A message of more than 1 MiB, and characters that SQS does not allow.
      InvalidParameterValue: 413,
      InvalidMessageContents: 413,
    },
  };
}
