import type { RestError } from '@azure/storage-blob';
import { stringify } from '../../../shared/runtime/json';
import { OBJECT_TYPE, objectName, objectOf } from '../../../shared/runtime/ndjson';
import type { Sink } from '../../../shared/runtime/sink';
import { containerOf } from '../container';

/**
 * Blob Storage: each lot becomes one blob with a line of JSON for each row, compressed with gzip, in the folder of its hour.
 *
 * A blob is written only if no blob has its name. So a retry of the same lot changes nothing, also if only the answer of the
 * first write was lost. This needs no permission to read.
 * @param name the start of the app settings of the store: `STORE` reads `STORE_ENDPOINT` and `STORE_CONTAINER`
 * @see https://learn.microsoft.com/en-us/rest/api/storageservices/put-blob
 */
export function blobSink(name: string): Sink<string> {
  const put = containerOf(name, OBJECT_TYPE, { ifNoneMatch: '*' });
  return {
    encode: (row) => stringify(row),
    write: async (lot, signal) => {
      try {
        await put(objectName(lot.arrived, lot.name), await objectOf(lot), signal);
      } catch (error) {
        if (!isStored(error)) throw error;
      }
      return [];
    },
  };
}

/** Whether a blob of this name exists already. */
function isStored(error: unknown): boolean {
  return (error as Partial<RestError>).code === 'BlobAlreadyExists';
}
