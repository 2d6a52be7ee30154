import { onlyValues } from '../../../shared/read/facts/local';
import { counted, promised } from '../../../shared/read/facts/promise';
import type { ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import { duration, isDeadLetter } from '../../../shared/read/picture';
import { type Asked, amount, is, names, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alarmOn, RETAINED, tlsOnly } from '../../foundation/promises';

const QUEUE = 'AWS::SQS::Queue';
const DAY = 24 * 3600;

export const facts: ServiceFacts = {
  name: 'SQS',
  local: 'runs',
  types: {
    [QUEUE]: {
      name: 'queue',
      role: 'holds data',
      tells: (queue, stack) => [
        'SQS',
        duration(amount(queue, 'MessageRetentionPeriod')),
        isEncrypted(queue) ? 'encrypted' : undefined,
        said.kept(queue),
        alarmAt(queue, stack),
      ],
      takes: ['sqs:SendMessage'],
      promises: [
        promised('encrypted', 'be encrypted', isEncrypted, { 'messages are not encrypted': set('SqsManagedSseEnabled', false) }),
        tlsOnly('AWS::SQS::QueuePolicy', (id) => [`\${${id}}`]),
        RETAINED,
        alarmOn('ApproximateNumberOfMessagesVisible', 'have an alarm at the first dead letter', (threshold) => threshold === 1),
        counted({
          rule: 'retention',
          must: 'keep what nobody could process for 14 days',
          at: 'MessageRetentionPeriod',
          from: 14 * DAY,
          weak: DAY,
          worse: 'dead letters are gone in a day',
        }),
      ],
      answered: {
        private: 'A queue has no public door: its policy says who may come, and least privilege reads it.',
        undelete: 'SQS brings nothing back that was deleted. What was processed is in the store.',
      },
      local: {
        QueueName: 'emulated',
        FifoQueue: onlyValues(false),
        KmsMasterKeyId: 'no effect here',
        KmsDataKeyReusePeriodSeconds: 'no effect here',
        MessageRetentionPeriod: 'no effect here',
        SqsManagedSseEnabled: 'no effect here',
        Tags: 'no effect here',
      },
    },
    'AWS::SQS::QueuePolicy': { name: 'queue policy', role: 'grants', local: 'no effect here' },
  },
  calls: {
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    '@aws-sdk/client-sqs SendMessageCommand': ({ arguments: [input] }) => [{ may: 'sqs:SendMessage', on: said.part(input, 'QueueUrl') }],
  },
  harmless: ['@aws-sdk/client-sqs SQSClient'],
};

function isEncrypted(queue: Asked): boolean {
  return is(queue, 'SqsManagedSseEnabled', true) || queue.get('KmsMasterKeyId').length === 1;
}

function alarmAt(queue: Asked, stack: Stack): string | undefined {
  if (!isDeadLetter(queue.name)) return undefined;
  const alarm = stack.of('AWS::CloudWatch::Alarm').find((one) => names(one, 'Dimensions.Value', queue));
  return alarm && `alarm at ${amount(alarm, 'Threshold')}`;
}
