import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct, IDependable } from 'constructs';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { requireKey } from '../../foundation/home';
import type { Workload } from '../../ports/identity';

const TYPE: TextRule = {
  pattern: /^ml\.[a-z][a-z0-9-]*\.[a-z0-9-]+$/,
  must: 'be a type of instances of SageMaker',
  remedy: 'Write it like ml.m7i.large.',
};
/** Types with disks of their own. SageMaker refuses a key for them: their hardware encrypts the disks. */
const OWN_DISKS = /^ml\.(?:[a-z]+\d+[a-z]*d[a-z]*|g5|g6|g6e|gr6|p5|p5e|p5en|trn1|trn1n|trn2)\./;

/**
 * Refuse what is no type of instances, and a key for instances with disks of their own.
 * @param setting the name of the setting with the type
 * @throws SettingError
 * @see https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
 */
export function requireInstances(scope: Construct, setting: string, type: string, encryptionKey?: IKey) {
  requireText(scope, { [setting]: type }, TYPE);
  requireKey(scope, { encryptionKey });
  if (!encryptionKey || !OWN_DISKS.test(type)) return;
  const remedy = 'Their hardware encrypts the disks. Leave the key out, or take instances without disks.';
  throw new SettingError(scope, 'encryptionKey must be left out for instances with disks of their own', type, remedy);
}

/**
 * Allow SageMaker to encrypt the volumes of instances with a key.
 * @returns what must exist before the instances
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
 */
export function allowVolumes({ role }: Workload, encryptionKey?: IKey): IDependable[] {
  return encryptionKey ? [encryptionKey.grant(role, 'kms:CreateGrant', 'kms:DescribeKey')] : [];
}
