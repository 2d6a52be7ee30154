import type { RestError } from '@azure/storage-blob';
import { stringify } from '../../../shared/runtime/json';
import { OBJECT_TYPE, objectName, objectOf } from '../../../shared/runtime/ndjson';
import type { Sink } from '../../../shared/runtime/sink';
import { containerOf } from '../container';

/**
 * Blob Storage: a lot becomes one blob with a line of JSON for each row, compressed with gzip, in the folder of its hour.
 *
 * It is written only where no blob has its name, so the same lot again changes nothing, and one whose answer got lost is
 * found at the next try. That asks for no right to read.
 * @param name what starts the settings of the store: `STORE` reads `STORE_ENDPOINT` and `STORE_CONTAINER`
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

/** Whether a blob of this name is there already. */
function isStored(error: unknown): boolean {
  return (error as Partial<RestError>).code === 'BlobAlreadyExists';
}
