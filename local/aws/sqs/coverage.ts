import { type AllowList, only } from '../../coverage';

const EMULATED = 'emulated';
const NOTHING = 'no effect here';

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html */
export const COVERAGE: AllowList = {
  'AWS::SQS::Queue': {
    QueueName: EMULATED,
    FifoQueue: only(false),
    KmsMasterKeyId: NOTHING,
    KmsDataKeyReusePeriodSeconds: NOTHING,
    MessageRetentionPeriod: NOTHING,
    ReceiveMessageWaitTimeSeconds: NOTHING,
    'RedrivePolicy.deadLetterTargetArn': EMULATED,
    'RedrivePolicy.maxReceiveCount': EMULATED,
    SqsManagedSseEnabled: NOTHING,
    Tags: NOTHING,
    VisibilityTimeout: EMULATED,
  },
  'AWS::SQS::QueuePolicy': NOTHING,
};
