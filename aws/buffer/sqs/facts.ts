import { type Cost, type Load, MONTH } from '../../../shared/read/facts/cost';
import { onlyValues } from '../../../shared/read/facts/local';
import { counted, promised } from '../../../shared/read/facts/promise';
import type { ServiceFacts } from '../../../shared/read/facts/types';
import { set } from '../../../shared/read/facts/weaken';
import { duration, isDeadLetter } from '../../../shared/read/picture';
import { receiverOf } from '../../../shared/read/read';
import { type Asked, amount, is, names, type Stack } from '../../../shared/read/stack';
import { said } from '../../../shared/read/tell';
import { alarmOn, objectsInto, RETAINED, tlsOnly } from '../../foundation/promises';

const QUEUE = 'AWS::SQS::Queue';
const DEAD_LETTER = 'RedrivePolicy.deadLetterTargetArn';
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
      flow: (queue, seen) => {
        const [deadLetter] = queue.refers(DEAD_LETTER);
        if (!deadLetter) return [];
        const tries = `after ${amount(queue, 'RedrivePolicy.maxReceiveCount')} tries`;
        const to = receiverOf(deadLetter);
        return [{ from: queue.stage, how: tries, to, notes: seen.tell(deadLetter), between: [queue.id, deadLetter.id] }];
      },
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      polledWith: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      promises: [
        promised('encrypted', 'be encrypted', isEncrypted, { 'messages are not encrypted': set('SqsManagedSseEnabled', false) }),
        tlsOnly('AWS::SQS::QueuePolicy', (id) => [`\${${id}}`]),
        RETAINED,
        {
          ...alarmOn('ApproximateNumberOfMessagesVisible', 'have an alarm at the first dead letter'),
          concerns: (queue) => !isRead(queue),
        },
        {
          ...counted({
            rule: 'retention',
            must: 'keep dead letters for 14 days',
            at: 'MessageRetentionPeriod',
            from: 14 * DAY,
            weak: DAY,
            worse: 'dead letters are deleted after a day',
          }),
          concerns: (queue) => !isRead(queue),
        },
        {
          ...alarmOn('ApproximateAgeOfOldestMessage', 'have an alarm for messages that wait too long', (age) => age <= DAY),
          concerns: isRead,
        },
        {
          ...alarmOn('NumberOfMessagesDeleted', 'have an alarm for messages that are received and not deleted'),
          concerns: isRead,
        },
        {
          ...promised('bounded-retries', 'move a failed message to the dead letter before its retention ends', endsInTime, {
            'a message is retried until SQS deletes it': set('RedrivePolicy.maxReceiveCount', 1_000_000),
            'a message is deleted before its last try': set('MessageRetentionPeriod', 60),
          }),
          concerns: isRead,
        },
        {
          ...promised('nothing-lost', 'retry a message for a day, so that an outage of a day only delays it', outlastsADay, {
            'an outage of an hour moves good messages to the dead letter': set('RedrivePolicy.maxReceiveCount', 11),
          }),
          concerns: isRead,
        },
      ],
      costs: (queue, load) => (isRead(queue) ? requests(messagesOf(queue, load)) : []),
      answered: {
        private: 'A queue has no public access: its policy sets who may use it, and the check of least privilege covers the policy.',
        undelete: 'A deleted message cannot be restored. What was processed is in the store.',
      },
      local: {
        QueueName: 'emulated',
        FifoQueue: onlyValues(false),
        KmsMasterKeyId: 'no effect here',
        KmsDataKeyReusePeriodSeconds: 'no effect here',
        MessageRetentionPeriod: 'no effect here',
        ReceiveMessageWaitTimeSeconds: 'no effect here',
        [DEAD_LETTER]: 'emulated',
        'RedrivePolicy.maxReceiveCount': 'emulated',
        SqsManagedSseEnabled: 'no effect here',
        Tags: 'no effect here',
        VisibilityTimeout: 'emulated',
      },
    },
    'AWS::SQS::QueuePolicy': { name: 'queue policy', role: 'grants', local: 'no effect here' },
  },
  calls: {
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
    '@aws-sdk/client-sqs SendMessageBatchCommand': ({ arguments: [input] }) => [
      { may: 'sqs:SendMessage', on: said.part(input, 'QueueUrl') },
    ],
  },
  harmless: ['@aws-sdk/client-sqs SQSClient'],
};

function isEncrypted(queue: Asked): boolean {
  return is(queue, 'SqsManagedSseEnabled', true) || queue.get('KmsMasterKeyId').length === 1;
}

/** Whether it is a queue with a dead-letter queue, and not a dead-letter queue itself. */
function isRead(queue: Asked): boolean {
  return queue.get(DEAD_LETTER).length > 0;
}

/** Whether it holds asynchronous calls of a function that failed. It is empty while none fails. */
function isOfFailures(queue: Asked, stack: Stack): boolean {
  return stack.of('AWS::Lambda::Function').some((fn) => names(fn, 'DeadLetterConfig.TargetArn', queue));
}

/** An event of a new object has about 1 kB, whatever the size of the object. */
function messagesOf(queue: Asked, load: Load): Pick<Load, 'events' | 'size'> {
  if (isOfFailures(queue, load.stack)) return { events: 0, size: load.size };
  const objects = objectsInto(queue, load);
  return objects === undefined ? load : { events: objects, size: 1000 };
}

/** SQS deletes a message at the end of its retention, also one that has tries left. */
function endsInTime(queue: Asked): boolean {
  const tries = amount(queue, 'RedrivePolicy.maxReceiveCount');
  return tries >= 1 && tries * amount(queue, 'VisibilityTimeout') <= amount(queue, 'MessageRetentionPeriod');
}

function outlastsADay(queue: Asked): boolean {
  return amount(queue, 'RedrivePolicy.maxReceiveCount') * amount(queue, 'VisibilityTimeout') >= DAY;
}

/** Messages are received and deleted ten at a time. A request is counted once for each 64 kB. */
function requests({ events, size }: Pick<Load, 'events' | 'size'>): Cost[] {
  const chunks = (bytes: number) => Math.ceil(bytes / 65_536);
  const atOnce = Math.min(10, Math.max(1, Math.floor(1_048_576 / size)));
  const lower = 'A stream as the buffer: it bills bytes and no requests, and is cheaper from a few hundred events a second.';
  return [
    { what: 'requests to send, one an event', price: 'sqsRequests', units: events * MONTH * chunks(size), lower },
    {
      what: 'requests to receive and delete, ten events each',
      price: 'sqsRequests',
      units: (events * MONTH * (chunks(size * atOnce) + 1)) / atOnce,
      lower,
    },
    {
      what: 'polling, 5 pollers every 20 s',
      price: 'sqsRequests',
      units: (5 * MONTH) / 20,
      lower: '`enabled: false` in the delivery, while no messages are processed.',
    },
  ];
}

function alarmAt(queue: Asked, stack: Stack): string | undefined {
  if (!isDeadLetter(queue.name)) return undefined;
  const alarm = stack.of('AWS::CloudWatch::Alarm').find((one) => names(one, 'Dimensions.Value', queue));
  return alarm && `alarm at ${amount(alarm, 'Threshold')}`;
}
