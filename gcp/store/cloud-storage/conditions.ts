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
 */
export function isFileBelow(bucket: string, prefix: string): string {
  const folders = [...prefix.matchAll(/\//g)].map(({ index }) => prefix.slice(0, index));
  const isFolder = folders.map((folder) => `resource.name == "projects/_/buckets/${bucket}/objects/${folder}"`);
  return ['resource.type == "storage.googleapis.com/Bucket"', isBelow(bucket, prefix), ...isFolder].join(' || ');
}
