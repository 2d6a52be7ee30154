import { stringify } from '../../../shared/runtime/json';
import { hourFolder } from '../../../shared/runtime/objects';
import type { Sink } from '../../../shared/runtime/sink';
import { containerOf } from '../container';

/**
 * Blob Storage: a lot becomes one blob with a line of JSON for each row, in the folder of its hour. The same lot again
 * replaces it.
 * @param name what starts the settings of the store: `STORE` reads `STORE_ENDPOINT` and `STORE_CONTAINER`
 */
export function blobSink(name: string): Sink<string> {
  const put = containerOf(name, 'application/x-ndjson');
  return {
    encode: (row) => stringify(row),
    write: async (lot, signal) => {
      const lines = lot.made.map(({ stored }) => `${stored}\n`).join('');
      await put(`${hourFolder(lot.arrived)}/${lot.name}.ndjson`, lines, signal);
      return [];
    },
  };
}
