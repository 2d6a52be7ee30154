import { DataGoogleStorageProjectServiceAccount } from '@cdktf/provider-google/lib/data-google-storage-project-service-account';
import { KmsCryptoKeyIamMember } from '@cdktf/provider-google/lib/kms-crypto-key-iam-member';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { fixAddress } from '../../foundation/names';
import { Propagation } from '../../foundation/propagation';
import type { Site } from '../../ports/site';

/** Settings for {@link DataBucket}. */
export interface DataBucketProps {
  /** Where the bucket stands. */
  readonly site: Site;
  /** The end of its name. */
  readonly name: string;
  /**
   * How old an object is when it moves to Coldline.
   * @default - Autoclass moves what is not read
   */
  readonly coldAfterDays?: number;
  /**
   * How long an object is kept.
   * @default - for ever
   */
  readonly retentionDays?: number;
  /** How long an overwritten or deleted object can still be brought back. */
  readonly undeleteWindowDays: number;
  /**
   * The id of the key that encrypts the objects.
   * @default - a key that Google keeps
   */
  readonly encryptionKey?: string;
  /** Whether the objects go with the stack. */
  readonly destroy: boolean;
}

/**
 * Part of the Store stage: a bucket for data. Nobody is given access to a single object, nobody outside to any, and old
 * versions and deleted objects are kept for a while.
 * @see https://cloud.google.com/storage/docs/soft-delete
 */
export class DataBucket extends Construct {
  /** The bucket, for anything this construct does not cover. */
  readonly resource: StorageBucket;

  constructor(scope: Construct, id: string, props: DataBucketProps) {
    super(scope, id);
    const { site, name, coldAfterDays, retentionDays, undeleteWindowDays, encryptionKey, destroy } = props;
    this.resource = new StorageBucket(this, 'Resource', {
      project: site.project,
      name: `${site.project}-${site.prefix}-${name}`,
      location: site.region,
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      versioning: { enabled: true },
      softDeletePolicy: { retentionDurationSeconds: undeleteWindowDays * 24 * 3600 },
      // Said in both cases: where the block is left out, Google keeps what it was before.
      autoclass: coldAfterDays === undefined ? { enabled: true, terminalStorageClass: 'ARCHIVE' } : { enabled: false },
      lifecycleRule: [
        { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 7 } },
        // An old version that is deleted counts as a deleted object: it can be brought back for the whole undelete window.
        { action: { type: 'Delete' }, condition: { daysSinceNoncurrentTime: 1 } },
        ...(coldAfterDays === undefined
          ? []
          : [{ action: { type: 'SetStorageClass', storageClass: 'COLDLINE' }, condition: { age: coldAfterDays } }]),
        ...(retentionDays === undefined ? [] : [{ action: { type: 'Delete' }, condition: { age: retentionDays } }]),
      ],
      encryption: encryptionKey ? { defaultKmsKeyName: encryptionKey } : undefined,
      forceDestroy: destroy,
      dependsOn: [...site.waitFor, ...this.allowEncrypt(site, encryptionKey)],
      lifecycle: destroy ? undefined : { preventDestroy: true },
    });
    fixAddress(this.resource, name);
    acknowledge(this.resource, {
      CKV_GCP_62:
        'For a record of each access Google recommends audit logs over access logs: switch on the audit logs of data access of the project.',
    });
  }

  /** Without its right to the key the Storage agent cannot make the bucket, and the provider does not try again. */
  private allowEncrypt({ project, waitFor }: Site, cryptoKeyId?: string): ITerraformDependable[] {
    if (!cryptoKeyId) return [];
    const { member } = new DataGoogleStorageProjectServiceAccount(this, 'Agent', { project, dependsOn: [...waitFor] });
    const role = 'roles/cloudkms.cryptoKeyEncrypterDecrypter';
    // The agent is read again whenever an API is added, and would take the right away and give it back: it never changes.
    const lifecycle = { ignoreChanges: ['member'] };
    const grant = new KmsCryptoKeyIamMember(this, 'Encrypter', { cryptoKeyId, role, member, lifecycle });
    return [new Propagation(this, 'Propagation', [grant])];
  }
}
