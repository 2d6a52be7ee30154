import { PutObjectCommand, S3Client, type S3ServiceException } from '@aws-sdk/client-s3';
import { stringify } from '../../../shared/runtime/json';
import { OBJECT_TYPE, objectName, objectOf } from '../../../shared/runtime/ndjson';
import { setting } from '../../../shared/runtime/setting';
import type { Sink } from '../../../shared/runtime/sink';
import { CLIENT } from '../requests';

/** Settings for {@link s3Sink}. */
export interface S3SinkProps {
  /** The name of the store: `STORE` reads `STORE_BUCKET` and `STORE_PREFIX`. */
  readonly name: string;
  /** A unique name, so that two processors with the same source and store do not write the same objects. */
  readonly processor: string;
}

/**
 * Writes objects to an S3 bucket, in the folder of the hour in which their records arrived: one object for each lot, with one
 * line of JSON for each row, compressed with gzip.
 *
 * An object is written only if its name does not exist, so a retry of a lot changes nothing, also if the response to the first
 * write was lost. This requires no permission to read.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function s3Sink({ name, processor }: S3SinkProps): Sink<string> {
  const s3 = new S3Client(CLIENT);
  const bucket = setting(`${name}_BUCKET`);
  const prefix = setting(`${name}_PREFIX`);
  return {
    encode: stringify,
    async write(lot, abortSignal) {
      const object = {
        Bucket: bucket,
        Key: `${prefix}${objectName(lot.arrived, `${lot.name}-${processor}`)}`,
        Body: await objectOf(lot),
        ContentType: OBJECT_TYPE,
        IfNoneMatch: '*',
      };
      try {
        await s3.send(new PutObjectCommand(object), { abortSignal });
      } catch (error) {
        if (!isStored(error)) throw error;
      }
      return [];
    },
  };
}

/** Whether an object with this name exists. */
function isStored(error: unknown): boolean {
  return (error as Partial<S3ServiceException>).$metadata?.httpStatusCode === 412;
}
