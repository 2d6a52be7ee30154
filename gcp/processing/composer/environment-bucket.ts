import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import { allowEncrypt } from '../../foundation/encryption';
import type { Site } from '../../ports/site';

/** After how many days Airflow's copies of its logs, and snapshots, are deleted. */
const KEPT_DAYS = 90;

/** Settings for {@link EnvironmentBucket}. */
export interface EnvironmentBucketProps {
  /** The project, the region and the prefix of the bucket. */
  readonly site: Site;
  /** The end of its name. */
  readonly name: string;
  /**
   * The id of the key that encrypts the objects.
   * @default - a Google-managed key
   */
  readonly encryptionKey?: string;
  /** Whether the objects are deleted with the stack. */
  readonly destroy: boolean;
}

/**
 * The bucket of an environment. Airflow reads its DAGs from `dags/` and plugins from `plugins/`, and Composer writes to `dags/`,
 * `logs/`, `data/` and `snapshots/`. Logs and snapshots are deleted after 90 days, old versions of the other objects after 30.
 *
 * Composer takes a bucket in its region, of the class Standard and without a retention policy, and does not encrypt it itself.
 * @see https://cloud.google.com/composer/docs/composer-3/custom-bucket
 */
export class EnvironmentBucket extends Construct {
  /** The bucket, for anything this construct does not cover. */
  readonly resource: StorageBucket;

  constructor(scope: Construct, id: string, { site, name, encryptionKey, destroy }: EnvironmentBucketProps) {
    super(scope, id);
    const { project, prefix, region: location, waitFor } = site;
    this.resource = new StorageBucket(this, 'Resource', {
      project,
      name: `${project}-${prefix}-${name}-airflow`,
      location,
      storageClass: 'STANDARD',
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      versioning: { enabled: true },
      softDeletePolicy: { retentionDurationSeconds: 7 * 24 * 3600 },
      lifecycleRule: [
        { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 7 } },
        { action: { type: 'Delete' }, condition: { daysSinceNoncurrentTime: 30 } },
        { action: { type: 'Delete' }, condition: { age: KEPT_DAYS, matchesPrefix: ['logs/', 'snapshots/'] } },
      ],
      encryption: encryptionKey ? { defaultKmsKeyName: encryptionKey } : undefined,
      forceDestroy: destroy,
      dependsOn: [...waitFor, ...allowEncrypt(this, { site, cryptoKeyId: encryptionKey, services: ['storage'] })],
      lifecycle: destroy ? undefined : { preventDestroy: true },
    });
    keepAddress(this.resource, `${name}-airflow`);
    acknowledge(this.resource, {
      CKV_GCP_62: 'It holds DAGs, logs and snapshots, no events. To log each access, enable the Data Access audit logs of the project.',
    });
  }
}
