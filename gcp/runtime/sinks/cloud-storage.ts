import { stringify } from '../../../shared/runtime/json';
import { OBJECT_TYPE, objectName, objectOf } from '../../../shared/runtime/ndjson';
import { setting } from '../../../shared/runtime/setting';
import type { Sink } from '../../../shared/runtime/sink';
import { emulatorOf } from '../loopback';
import { post, Refused } from '../post';

/**
 * Cloud Storage: each lot becomes one object with a line of JSON for each row, compressed with gzip, in the folder of its hour.
 * An object is written only if no object has its name, so a retry of the same lot changes nothing. The writer may not replace
 * objects.
 *
 * The client library does not end an upload that gets no answer, even with `timeout`: googleapis/nodejs-storage#2476. An upload
 * is one request, so it is sent without the client library.
 * @param name the start of the environment variables of the store: `STORE` reads `STORE_BUCKET` and `STORE_PREFIX`
 * @param timeout after how many milliseconds without an answer a write fails
 * @see https://cloud.google.com/storage/docs/json_api/v1/objects/insert
 */
export function cloudStorageSink(name: string, timeout = 20_000): Sink<string> {
  const upload = `/upload/storage/v1/b/${setting(`${name}_BUCKET`)}/o?uploadType=media&ifGenerationMatch=0`;
  const prefix = setting(`${name}_PREFIX`);
  const emulator = emulatorOf('STORAGE_EMULATOR_HOST', process.env.STORAGE_EMULATOR_HOST?.replace(/^http:\/\//, ''));
  return {
    encode: (row) => stringify(row),
    write: async (lot) => {
      const object = `${prefix}${objectName(lot.arrived, lot.name)}`;
      const path = `${upload}&name=${encodeURIComponent(object)}`;
      const body = await objectOf(lot);
      try {
        await post(emulator, 'storage.googleapis.com', path, { body, contentType: OBJECT_TYPE, timeout });
      } catch (error) {
        if (!isStored(error)) throw error;
      }
      return [];
    },
  };
}

/** Whether an object of this name exists already. Google then answers with 412, or with 403 because the writer may not replace it. */
function isStored(error: unknown): boolean {
  if (!(error instanceof Refused)) return false;
  return error.status === 412 || (error.status === 403 && error.answer.includes('storage.objects.delete'));
}
