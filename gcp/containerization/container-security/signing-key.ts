import { DataGoogleKmsCryptoKeyVersion } from '@cdktf/provider-google/lib/data-google-kms-crypto-key-version';
import { KmsCryptoKey } from '@cdktf/provider-google/lib/kms-crypto-key';
import { KmsKeyRing } from '@cdktf/provider-google/lib/kms-key-ring';
import type { TerraformResourceLifecycle } from 'cdktf';
import { Construct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import type { Site } from '../../ports/site';

/** Settings for {@link SigningKey}. */
export interface SigningKeyProps {
  /** The project, the region and the prefix of the key. */
  readonly site: Site;
  /** The end of the name of its key ring. */
  readonly name: string;
  /**
   * The id of an existing key.
   * @default - a new key, in a key ring of its own
   */
  readonly signingKey?: string;
  /** The versions whose signatures are accepted. */
  readonly versions: readonly number[];
  /** What protects the key. */
  readonly lifecycle?: TerraformResourceLifecycle;
}

/**
 * Part of the Containerization stage: an asymmetric key in Cloud KMS, which never leaves it, and the public keys of its versions.
 * @see https://cloud.google.com/kms/docs/create-validate-signatures
 */
export class SigningKey extends Construct {
  /** The key, if this construct created it. */
  readonly key?: KmsCryptoKey;
  readonly keyId: string;
  /** The public key of each version. */
  readonly publicKeys: readonly {
    readonly id: string;
    readonly pkixPublicKey: { readonly publicKeyPem: string; readonly signatureAlgorithm: string };
  }[];

  constructor(scope: Construct, id: string, { site, name, signingKey, versions, lifecycle }: SigningKeyProps) {
    super(scope, id);
    if (signingKey === undefined) {
      const { project, region: location, prefix } = site;
      const ring = new KmsKeyRing(this, 'Ring', { project, location, name: `${prefix}-${name}`, dependsOn: [...site.waitFor], lifecycle });
      keepAddress(ring, name);
      this.key = new KmsCryptoKey(this, 'Key', {
        name: 'signer',
        keyRing: ring.id,
        purpose: 'ASYMMETRIC_SIGN',
        versionTemplate: { algorithm: 'EC_SIGN_P256_SHA256', protectionLevel: 'SOFTWARE' },
        destroyScheduledDuration: `${30 * 24 * 3600}s`,
        lifecycle,
      });
      keepAddress(this.key, name);
    }
    this.keyId = signingKey ?? this.key!.id;
    this.publicKeys = versions.map((version) => {
      const { id: uri, publicKey } = new DataGoogleKmsCryptoKeyVersion(this, `Version${version}`, { cryptoKey: this.keyId, version });
      return { id: uri, pkixPublicKey: { publicKeyPem: publicKey.get(0).pem, signatureAlgorithm: publicKey.get(0).algorithm } };
    });
  }
}
