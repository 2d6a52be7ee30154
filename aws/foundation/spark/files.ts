import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { requireResource, requireText, SettingError, STORE_NAME } from '../../../shared/synth/settings';
import type { Binding, Workload } from '../../ports/identity';
import type { BucketStore } from '../../ports/stores';
import { acknowledge, spell } from '../acknowledge';

/** Stores, by the name with which their settings start. */
export type Stores = Readonly<Record<string, BucketStore>>;

/** The stores that a job reads, and those that it writes. */
export interface JobStores {
  readonly inputs: Stores;
  readonly outputs: Stores;
}

/**
 * Refuse stores with names that cannot be the start of a setting, and what is no store of objects.
 * @param remedy what to do for other stores, as a sentence
 * @throws SettingError
 */
export function requireFiles(
  job: Construct,
  { inputs, outputs }: JobStores,
  remedy = 'Spark writes to other stores with their own clients.',
) {
  for (const [setting, stores] of Object.entries({ inputs, outputs })) {
    if (typeof stores !== 'object' || stores === null || Array.isArray(stores)) {
      throw new SettingError(job, `${setting} must be stores by their names`, typeof stores, STORE_NAME.remedy);
    }
    for (const [name, store] of Object.entries(stores)) {
      requireText(job, { [setting]: name }, STORE_NAME);
      requireResource(job, { [`${setting}.${name}`]: store });
      if (typeof store.bindCreated === 'function') continue;
      throw new SettingError(job, `${setting} must be stores of objects in S3`, name, remedy);
    }
  }
  const both = Object.keys(inputs).find((name) => name in outputs);
  if (both === undefined) return;
  throw new SettingError(
    job,
    'inputs and outputs must have different names',
    JSON.stringify(both),
    'For a store that is read and written, an output is enough.',
  );
}

/**
 * Allow a Spark job to read its inputs, and to read and replace its outputs. What could not be processed is written beside an
 * output, below its prefix with `-failed` at the end.
 *
 * Spark treats S3 as a file system: it asks whether each parent folder is a file. S3 answers that an object does not exist only to
 * who may list the whole bucket, without a condition on the prefix. So the job can list all names in the bucket, and it reads and
 * writes only objects below the prefix.
 */
export function bindFiles(job: Workload, { inputs, outputs }: JobStores): Binding {
  const read = Object.entries(inputs).map(([name, store]): Binding => {
    store.bucket.encryptionKey?.grant(job.role, 'kms:Decrypt');
    return { settings: settingsOf(store, name), waitFor: allowFiles(job, store, [store.prefix], []) };
  });
  const written = Object.entries(outputs).map(([name, store]): Binding => {
    const failedPrefix = `${store.prefix.slice(0, -1)}-failed/`;
    store.bucket.encryptionKey?.grant(job.role, 'kms:Decrypt', 'kms:GenerateDataKey');
    return {
      settings: { ...settingsOf(store, name), [`${name}_FAILED_PREFIX`]: failedPrefix },
      waitFor: allowFiles(job, store, [store.prefix, failedPrefix], ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:PutObject']),
    };
  });
  const all = [...read, ...written];
  return { settings: Object.assign({}, ...all.map(({ settings }) => settings)), waitFor: all.flatMap(({ waitFor }) => waitFor) };
}

function settingsOf({ bucket, prefix }: BucketStore, name: string) {
  return { [`${name}_BUCKET`]: bucket.bucketName, [`${name}_PREFIX`]: prefix };
}

function allowFiles({ role }: Workload, { bucket }: BucketStore, prefixes: readonly string[], more: readonly string[]): Grant[] {
  const below = prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`));
  // Each folder itself: `raw` and `raw/events` for `raw/events/`.
  const folders = prefixes.flatMap((prefix) => [...prefix.matchAll(/\//g)].map(({ index }) => prefix.slice(0, index)));
  const reason = 'Objects are named when they are written, and all names start with this prefix.';
  acknowledge(role, () => Object.fromEntries(below.map((arn) => [`AwsSolutions-IAM5[Resource::${spell(role, arn)}]`, reason])));
  const allow = (actions: string[], resourceArns: string[]) => Grant.addToPrincipal({ grantee: role, actions, resourceArns });
  return [
    allow(['s3:GetObject', ...more], below),
    allow(
      ['s3:GetObject'],
      [...new Set(folders)].map((folder) => bucket.arnForObjects(folder)),
    ),
    allow(['s3:ListBucket'], [bucket.bucketArn]),
  ];
}
