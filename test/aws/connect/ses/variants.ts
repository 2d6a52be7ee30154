import { Duration, type Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { EmailIdentity, ReceiptRuleSet } from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { KinesisBuffer } from '../../../../aws/buffer/kinesis/kinesis-buffer';
import { SqsBuffer } from '../../../../aws/buffer/sqs/sqs-buffer';
import { SesEntry, type SesEntryProps } from '../../../../aws/connect/ses/ses-entry';
import { acknowledge } from '../../../../aws/foundation/acknowledge';
import { S3Store } from '../../../../aws/store/s3/s3-store';

const aKey = (stack: Stack) => Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/k');

function entry(stack: Stack, props: Partial<SesEntryProps> = {}) {
  const store = new S3Store(stack, 'Store', { prefix: 'mail/' });
  return new SesEntry(stack, 'Connect', { domain: 'example.com', store, sink: new SqsBuffer(stack, 'Buffer'), ...props });
}

/** Settings of an entry that change findings of cdk-nag. */
export const variants = {
  'a stream, and a key of the user': (stack: Stack) =>
    entry(stack, {
      sink: new KinesisBuffer(stack, 'Stream'),
      store: new S3Store(stack, 'Encrypted', { prefix: 'mail/', encryptionKey: aKey(stack) }),
    }),
  'a rule set and an identity of the user': (stack: Stack) =>
    entry(stack, {
      ruleSet: ReceiptRuleSet.fromReceiptRuleSetName(stack, 'Mine', 'mine'),
      identity: EmailIdentity.fromEmailIdentityName(stack, 'Domain', 'example.com'),
      maxSilence: Duration.hours(6),
    }),
  'data that goes with the stack': (stack: Stack) => entry(stack, { removal: 'destroy', activation: 'replace' }),
  'somebody who sends': (stack: Stack) => {
    const sender = Object.assign(new Construct(stack, 'Sender'), {
      role: new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }),
    });
    acknowledge(sender.role, { 'NIST.800.53.R5-IAMNoInlinePolicy': 'The role is of the test, and so is the reason.' });
    return entry(stack).bindSender(sender, 'MAIL');
  },
};
