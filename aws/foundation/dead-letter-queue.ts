import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { SettingError } from '../../shared/synth/settings';
import type { Binding, Workload } from '../ports/identity';
import { acknowledge, type Reasons } from './acknowledge';
import { allow } from './grants';
import { requireHome } from './home';

const ENCRYPTED: Reasons = {
  CKV_AWS_27:
    'SQS encrypts it with its own key (SSE-SQS), which the check does not recognize. For a key of yours, set encryptionKey or deadLetterQueue.',
};

/**
 * Refuse what is not a queue, FIFO queues, and a queue of another account or region. A queue that is left out passes.
 * @param settings each queue by the name of its setting
 * @param remedy why a FIFO queue is refused, as a sentence
 * @throws SettingError
 */
export function requireStandardQueue(scope: Construct, settings: Readonly<Record<string, IQueue | undefined>>, remedy: string) {
  requireHome(scope, settings, 'Use a queue of this account and region, for example one that forwards to another.');
  for (const [setting, queue] of Object.entries(settings)) {
    if (queue?.fifo) throw new SettingError(scope, `${setting} must be a standard queue`, 'a FIFO queue', remedy);
  }
}

/** What differs between dead letters. */
interface DeadLetterSettings {
  /** The key of what its letters come from. Without one, SQS encrypts it with its own. */
  readonly encryptionKey?: IKey;
  /** The reasons for findings of scanners. */
  readonly reasons?: Reasons;
}

/** A new queue for a dead letter: encrypted, TLS only, with a retention of 14 days, which is the maximum of SQS. */
export function makeDeadLetterQueue(
  scope: Construct,
  removalPolicy: RemovalPolicy,
  { encryptionKey, reasons = {} }: DeadLetterSettings = {},
): Queue {
  const queue = new Queue(scope, 'DeadLetter', {
    encryption: encryptionKey ? QueueEncryption.KMS : QueueEncryption.SQS_MANAGED,
    encryptionMasterKey: encryptionKey,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    removalPolicy,
  });
  return acknowledge(queue, encryptionKey ? reasons : { ...reasons, ...ENCRYPTED });
}

/** Allow `writer` to add to the queue of a dead letter, and nothing else. */
export function bindDeadLetterQueue({ queueArn, queueUrl, encryptionMasterKey }: IQueue, writer: Workload, name: string): Binding {
  const waitFor = allow(writer, queueArn, ['sqs:SendMessage'], encryptionMasterKey, 'kms:Decrypt', 'kms:GenerateDataKey');
  return { settings: { [`${name}_QUEUE_URL`]: queueUrl }, waitFor };
}
