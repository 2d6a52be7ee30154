import { ApiError, Storage } from '@google-cloud/storage';
import { stringify } from '../../../shared/runtime/json';
import { hourFolder } from '../../../shared/runtime/objects';
import { setting } from '../../../shared/runtime/setting';
import type { Sink } from '../../../shared/runtime/sink';
import { emulatorOf } from '../loopback';

/**
 * How a lot is written: in one request, and only where no object has its name. Pub/Sub tries again, so the client does
 * not. It does not compare checksums either: it would delete an object that differs, which the writer may not.
 */
const WRITE = { resumable: false, validation: false, preconditionOpts: { ifGenerationMatch: 0 }, timeout: 20_000 } as const;

/**
 * Cloud Storage: a lot becomes one object with a line of JSON for each row, in the folder of its hour. The same lot again
 * finds its object there, and leaves it as it is: the writer may not replace objects.
 * @param name what starts the settings of the store: `STORE` reads `STORE_BUCKET` and `STORE_PREFIX`
 * @see https://cloud.google.com/storage/docs/request-preconditions
 */
export function cloudStorageSink(name: string): Sink<string> {
  const emulator = emulatorOf('STORAGE_EMULATOR_HOST', process.env.STORAGE_EMULATOR_HOST?.replace(/^http:\/\//, ''));
  const storage = new Storage({ retryOptions: { autoRetry: false }, ...(emulator && { apiEndpoint: `http://${emulator}` }) });
  const bucket = storage.bucket(setting(`${name}_BUCKET`));
  const prefix = setting(`${name}_PREFIX`);
  return {
    encode: (row) => stringify(row),
    write: async (lot) => {
      const file = bucket.file(`${prefix}${hourFolder(lot.arrived)}/${lot.name}.ndjson`);
      const lines = lot.made.map(({ stored }) => `${stored}\n`).join('');
      try {
        await file.save(lines, { ...WRITE, contentType: 'application/x-ndjson' });
      } catch (error) {
        if (!isStored(error)) throw error;
      }
      return [];
    },
  };
}

/** Whether an object of this name is there already. Some answers put it as the lack of the permission to replace it. */
function isStored(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.code === 412 || (error.code === 403 && error.message.includes('storage.objects.delete'));
}
