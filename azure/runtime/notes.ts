import { ContainerClient, RestError } from '@azure/storage-blob';
import { setting } from '../../shared/runtime/setting';
import { identity } from './container';

/** Short texts by name, which outlive the process. */
export interface Notes {
  /** @returns undefined if there is no note of this name */
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}

/** Timeout of one call. */
const TIMEOUT_MS = 20 * 1000;

/**
 * Notes in a container of the host storage account, which also has the checkpoints and holds no data of the user. The container
 * is created with the first note.
 * @param name the start of the app setting: `HOST` reads `HOST_ENDPOINT`
 */
export function notesOf(name: string): Notes {
  const container = new ContainerClient(`${setting(`${name}_ENDPOINT`)}deliveries`, identity());
  const withTimeout = () => ({ abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
  return {
    read: (note) =>
      container
        .getBlockBlobClient(note)
        .downloadToBuffer(0, undefined, withTimeout())
        .then(String, (error: unknown) => {
          if (error instanceof RestError && error.statusCode === 404) return undefined;
          throw error;
        }),
    write: async (note, text) => {
      const upload = () => container.getBlockBlobClient(note).upload(text, Buffer.byteLength(text), withTimeout());
      try {
        await upload();
      } catch (error) {
        if (!(error instanceof RestError) || error.statusCode !== 404) throw error;
        await container.createIfNotExists(withTimeout());
        await upload();
      }
    },
  };
}
