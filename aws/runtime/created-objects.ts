import { GetObjectCommand, S3Client, type S3ServiceException } from '@aws-sdk/client-s3';
import { linesOf } from '../../shared/runtime/lines';
import { setting } from '../../shared/runtime/setting';
import type { OpenedObject } from '../../shared/runtime/stored-lines';
import { CLIENT } from './requests';

/** An object, as an event of S3 names it. A bucket without versioning gives no version. */
export interface Named {
  readonly bucket: string;
  readonly key: string;
  readonly version?: string;
}

/**
 * Opens an object.
 * @returns the object, or why it can never be read
 * @throws Error if S3 does not answer, or denies the read: the message is retried
 */
export type OpenObject = (object: Named, signal: AbortSignal) => Promise<OpenedObject | { readonly reason: string }>;

/**
 * The object of an event of EventBridge. Its key is as it is in S3: unlike in notifications of S3, it is not encoded for URLs.
 * @throws Error on anything but an event of a new object
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function namedIn(json: string): Named {
  const { source, type, data } = JSON.parse(json) ?? {};
  const [bucket, object] = [data?.bucket, data?.object];
  const version = object?.['version-id'];
  const isText = (value: unknown) => typeof value === 'string' && value !== '';
  const isRight = [bucket?.name, object?.key, version ?? 'none'].every(isText);
  if (source === 'aws.s3' && type === 'Object Created' && isRight) return { bucket: bucket.name, key: object.key, version };
  throw new Error('it is no event of S3 for a new object');
}

/**
 * A function that reads objects from the store of a binding, and no others: whoever can send to the queue could name the object of
 * a stranger.
 * @param name `SOURCE` reads `SOURCE_BUCKET` and `SOURCE_PREFIX`
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function openFrom(name: string): OpenObject {
  const s3 = new S3Client(CLIENT);
  const ours = setting(`${name}_BUCKET`);
  const prefix = setting(`${name}_PREFIX`);
  return async ({ bucket, key, version }, abortSignal) => {
    if (bucket !== ours || !key.startsWith(prefix)) return { reason: `the object is not below ${prefix} of the bucket ${ours}` };
    try {
      const named = { Bucket: ours, Key: `${prefix}${key.slice(prefix.length)}`, VersionId: version };
      const { Body, LastModified, VersionId, ETag } = await s3.send(new GetObjectCommand(named), { abortSignal });
      return { stored: LastModified!, version: VersionId ?? ETag!, lines: linesOf(Body as AsyncIterable<Uint8Array>) };
    } catch (error) {
      if (isGone(error)) return { reason: 'the object is gone' };
      throw error;
    }
  };
}

/** Whether S3 does not have the object or the version. Without the permission to list, S3 would answer like for a denied object. */
function isGone(error: unknown): boolean {
  const { name, $metadata } = error as Partial<S3ServiceException>;
  return $metadata?.httpStatusCode === 404 && (name === 'NoSuchKey' || name === 'NoSuchVersion');
}
