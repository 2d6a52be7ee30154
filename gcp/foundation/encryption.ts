import { KmsCryptoKeyIamMember } from '@cdktf/provider-google/lib/kms-crypto-key-iam-member';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import { Propagation } from './propagation';

/** Who encrypts with a key. */
export interface Encrypter {
  /** The id of the Cloud KMS key, in the region of what it encrypts. Without one, a Google-managed key encrypts, and nothing is granted. */
  readonly cryptoKeyId?: string;
  /** The IAM member of the service agent that encrypts. It is asked for only with a key. */
  readonly agent: () => string;
}

/**
 * Let a service agent encrypt and decrypt with a key.
 * @returns what must exist before a resource that has the key: Google checks the permission when it creates one, and the provider
 * does not retry
 * @see https://cloud.google.com/kms/docs/cmek#service-agents
 */
export function allowEncrypt(scope: Construct, { cryptoKeyId, agent }: Encrypter): ITerraformDependable[] {
  if (!cryptoKeyId) return [];
  const grant = new KmsCryptoKeyIamMember(scope, 'Encrypter', {
    cryptoKeyId,
    role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
    member: agent(),
    // A service agent never changes. Terraform reads it again when an API is added, and would replace the grant.
    lifecycle: { ignoreChanges: ['member'] },
  });
  return [new Propagation(scope, 'Propagation', [grant])];
}
