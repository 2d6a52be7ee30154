import type { IConstruct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';

/** A condition of IAM has 12 logical operators at most. @see https://cloud.google.com/iam/quotas#limits */
const MOST_FOLDERS = 11;

/** A condition of IAM, in CEL, for a role on a bucket: the objects below a prefix. */
export function isBelow(bucket: string, prefix: string): string {
  return `resource.name.startsWith("projects/_/buckets/${bucket}/objects/${prefix}")`;
}

/** The objects below a prefix, and lists with the prefix. To list is a request on the bucket, so the prefix of the request is checked. */
export function isReadBelow(bucket: string, prefix: string): string {
  return `${isBelow(bucket, prefix)} || api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("${prefix}")`;
}

/**
 * The objects below a prefix for an engine that treats a bucket as a file system. It also asks for each folder as an object, without
 * the slash, and needs the answer that there is none. Cloud Storage gives it to those who may list the whole bucket.
 * @throws SettingError if the prefix has too many folders for a condition
 */
export function isFileBelow(scope: IConstruct, bucket: string, prefix: string): string {
  const folders = [...prefix.matchAll(/\//g)].map(({ index }) => prefix.slice(0, index));
  if (folders.length > MOST_FOLDERS) {
    const rule = `prefix must have at most ${MOST_FOLDERS} folders for an engine that reads or writes files`;
    throw new SettingError(scope, rule, `"${prefix}"`, 'Take a shorter prefix.');
  }
  const isFolder = folders.map((folder) => `resource.name == "projects/_/buckets/${bucket}/objects/${folder}"`);
  return ['resource.type == "storage.googleapis.com/Bucket"', isBelow(bucket, prefix), ...isFolder].join(' || ');
}
