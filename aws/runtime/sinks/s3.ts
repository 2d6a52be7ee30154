import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { stringify } from '../../../shared/runtime/json';
import { hourFolder } from '../../../shared/runtime/objects';
import { setting } from '../../../shared/runtime/setting';
import type { Sink } from '../../../shared/runtime/sink';
import { requestHandler } from '../requests';

/** Settings for {@link s3Sink}. */
export interface S3SinkProps {
  /** The name of the store: `STORE` reads `STORE_BUCKET` and `STORE_PREFIX`. */
  readonly name: string;
  /** What no other processor is called. It keeps the objects of two apart that read one source and write to one store. */
  readonly processor: string;
}

/**
 * Objects of an S3 bucket, in the folder of the hour in which their records arrived: one for each lot, with a line of JSON
 * for each row. The same lot again replaces its object.
 */
export function s3Sink({ name, processor }: S3SinkProps): Sink<string> {
  const s3 = new S3Client({ requestHandler });
  const bucket = setting(`${name}_BUCKET`);
  const prefix = setting(`${name}_PREFIX`);
  return {
    encode: stringify,
    async write(lot, abortSignal) {
      const object = {
        Bucket: bucket,
        Key: `${prefix}${hourFolder(lot.arrived)}/${lot.name}-${processor}.ndjson`,
        Body: `${lot.made.map(({ stored }) => stored).join('\n')}\n`,
        ContentType: 'application/x-ndjson',
      };
      await s3.send(new PutObjectCommand(object), { abortSignal });
      return [];
    },
  };
}
