import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { PutRecordRequest } from '../../ports/records';

/**
 * The request that publishes one message to a topic. Its body is a form, not JSON.
 * @param text an expression of the template language that yields the message
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export function publish({ topicArn }: ITopic, text: string, waitFor: PutRecordRequest['waitFor']): PutRecordRequest {
  return {
    waitFor,
    service: 'sns',
    action: 'Publish',
    contentType: 'application/x-www-form-urlencoded',
    body: `Action=Publish&Version=2010-03-31&TopicArn=$util.urlEncode('${topicArn}')&Message=$util.urlEncode(${text})`,
    receipt: 'MessageId',
    receiptPath: '$.PublishResponse.PublishResult.MessageId',
    errorPath: '$.Error.Code',
    statusOfError: {
      Throttled: 429,
      // Also KMSThrottling.
      Throttling: 429,
      // A message of more than 256 KiB, and characters that SNS does not allow.
      InvalidParameter: 413,
    },
  };
}
