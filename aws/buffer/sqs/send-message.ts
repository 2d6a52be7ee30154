import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { PutRecordRequest } from '../../ports/records';

/**
 * The call that puts one text into a queue: a form, where other services take JSON. Without a version SQS answers that the
 * queue does not exist.
 * @param text an expression that yields the text
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
      // More than 1 MiB, and characters that no message may hold.
      InvalidParameterValue: 413,
      InvalidMessageContents: 413,
    },
  };
}
