import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { PubsubSubscriptionIamMember } from '@cdktf/provider-google/lib/pubsub-subscription-iam-member';
import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object';
import { Fn, type ITerraformDependable, Token } from 'cdktf';
import type { Construct } from 'constructs';
import { literal } from '../../../shared/synth/literal';
import { SettingError } from '../../../shared/synth/settings';
import { sha256 } from '../../../shared/synth/sha256';
import { allowEncrypt } from '../../foundation/encryption';
import { accountOf } from '../../foundation/service-account';
import { temporaryBucket } from '../../foundation/temporary-bucket';
import type { Workload } from '../../ports/identity';
import type { Subnetwork } from '../../ports/network';
import type { RecordSource } from '../../ports/records';
import type { Site } from '../../ports/site';

/** What the workers of a job have. */
export interface Workers {
  readonly account: ServiceAccount;
  /** The bucket of temporary files, and of the files that a template reads. */
  readonly bucket: StorageBucket;
  readonly grants: readonly ITerraformDependable[];
  /** What must exist before a job that has the key. */
  readonly encrypted: readonly ITerraformDependable[];
}

/**
 * An account for the workers of a job, and a bucket for their temporary files.
 * @param encryptionKey the id of the key that encrypts the job and its bucket
 * @see https://cloud.google.com/dataflow/docs/guides/customer-managed-encryption-keys
 */
export function workersOf(scope: Construct, site: Site, base: string, encryptionKey?: string): Workers {
  const account = accountOf(scope, 'Account', site, `${base}-worker`, `Runs the workers of the Dataflow job ${base}`);
  const { member } = account;
  const bucket = temporaryBucket(scope, site, { name: `${base}-dataflow`, encryptionKey });
  const grants = [
    new StorageBucketIamMember(scope, 'Temporary', { bucket: bucket.id, role: 'roles/storage.objectUser', member }),
    new ProjectIamMember(scope, 'Worker', { project: site.project, role: 'roles/dataflow.worker', member }),
  ];
  // Dataflow encrypts what is in a job, and Compute Engine the disks of its workers.
  const encrypted = allowEncrypt(scope, { site, cryptoKeyId: encryptionKey, services: ['compute', 'dataflow'] });
  return { account, bucket, grants, encrypted };
}

/** A file that a template reads: its name has the hash of its content. */
export function fileOf(
  scope: Construct,
  id: string,
  bucket: StorageBucket,
  file: { readonly folder: string; readonly type: 'js' | 'json'; readonly content: string },
): string {
  const { folder, type, content } = file;
  const { name } = new StorageBucketObject(scope, id, {
    bucket: bucket.name,
    name: `${folder}/${sha256(content).slice(0, 16)}.${type}`,
    content: literal(content),
    contentType: type === 'js' ? 'text/javascript' : 'application/json',
    // Workers of the running job read the old one until the job is updated.
    lifecycle: { createBeforeDestroy: true },
  });
  return `gs://${bucket.name}/${name}`;
}

/**
 * Let the workers of a streaming job read a subscription of their own, without the dead letter of Pub/Sub.
 * @throws SettingError
 */
export function readerOf(workers: Workload, project: string, source: RecordSource) {
  const { settings, waitFor } = source.bindReader(workers, 'SOURCE', { unlimitedRetries: true });
  const subscription = settingOf(workers, settings, 'SOURCE_SUBSCRIPTION', 'source must be a PubSubBuffer');
  // A worker looks its subscription up.
  const viewer = { project, subscription, role: 'roles/pubsub.viewer', member: workers.member };
  return { subscription, grants: [...waitFor, new PubsubSubscriptionIamMember(workers, 'Viewer', viewer)] };
}

/**
 * A setting of a neighbour.
 * @throws SettingError if the neighbour does not have it
 */
export function settingOf(scope: Construct, settings: Readonly<Record<string, string>>, setting: string, rule: string): string {
  const value = settings[setting];
  if (value === undefined) throw new SettingError(scope, rule, 'another one', "Google's template takes no other.");
  return value;
}

const COMPUTE = 'https://www.googleapis.com/compute/v1/';

/** The whole address of a subnetwork: Dataflow takes a short name or a whole address, and no id. */
export function addressOf({ subnetwork }: Subnetwork): string {
  if (Token.isUnresolved(subnetwork)) return `${COMPUTE}${Fn.replace(subnetwork, '/^https:.*[/]projects[/]/', 'projects/')}`;
  return subnetwork.replace(/^(https:.*\/)?projects\//, `${COMPUTE}projects/`);
}
