import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { SettingError } from '../../shared/synth/settings';
import type { Binding, Workload } from '../ports/identity';
import { acknowledge, type Reasons } from './acknowledge';
import { allow } from './grants';
import { requireHome } from './home';

const ENCRYPTED: Reasons = {
  CKV_AWS_27: 'SQS encrypts it with its own key, which the check does not know. For a key of yours bring a deadLetterQueue.',
};

/**
 * Refuse what is no queue, FIFO queues, and a queue of another account or region. A queue that is left out passes.
 * @param settings each queue by the name of its setting
 * @param remedy why no FIFO queue will do, as a sentence
 * @throws SettingError
 */
export function requireStandardQueue(scope: Construct, settings: Readonly<Record<string, IQueue | undefined>>, remedy: string) {
  requireHome(scope, settings, 'Bring a queue of this account and region, which may forward.');
  for (const [setting, queue] of Object.entries(settings)) {
    if (queue?.fifo) throw new SettingError(scope, `${setting} must be a standard queue`, 'a FIFO queue', remedy);
  }
}

/** A new queue for a dead letter: encrypted, over TLS alone, and as long as SQS keeps any message, which is 14 days. */
export function makeDeadLetterQueue(scope: Construct, removalPolicy: RemovalPolicy, reasons: Reasons = {}): Queue {
  const queue = new Queue(scope, 'DeadLetter', {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    removalPolicy,
  });
  return acknowledge(queue, { ...reasons, ...ENCRYPTED });
}

/** Let `writer` add to the queue of a dead letter, and nothing else. */
export function bindDeadLetterQueue({ queueArn, queueUrl, encryptionMasterKey }: IQueue, writer: Workload, name: string): Binding {
  const waitFor = allow(writer, queueArn, ['sqs:SendMessage'], encryptionMasterKey, 'kms:Decrypt', 'kms:GenerateDataKey');
  return { settings: { [`${name}_QUEUE_URL`]: queueUrl }, waitFor };
}
