import { ContainerClient, RestError } from '@azure/storage-blob';
import { setting } from '../../shared/runtime/setting';
import { identity } from './container';

/** Short texts by name, which stay when the process dies. */
export interface Notes {
  /** @returns nothing when there is no note of this name */
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
}

/** How long one call may take. */
const PATIENCE_MS = 20 * 1000;

/**
 * Notes in a container of the storage account of the host, beside its checkpoints: the data of the user does not lie there.
 * The container is made with the first note.
 * @param name what starts the setting: `HOST` reads `HOST_ENDPOINT`
 */
export function notesOf(name: string): Notes {
  const container = new ContainerClient(`${setting(`${name}_ENDPOINT`)}deliveries`, identity());
  const patience = () => ({ abortSignal: AbortSignal.timeout(PATIENCE_MS) });
  return {
    read: (note) =>
      container
        .getBlockBlobClient(note)
        .downloadToBuffer(0, undefined, patience())
        .then(String, (error: unknown) => {
          if (error instanceof RestError && error.statusCode === 404) return undefined;
          throw error;
        }),
    write: async (note, text) => {
      const upload = () => container.getBlockBlobClient(note).upload(text, Buffer.byteLength(text), patience());
      try {
        await upload();
      } catch (error) {
        if (!(error instanceof RestError) || error.statusCode !== 404) throw error;
        await container.createIfNotExists(patience());
        await upload();
      }
    },
  };
}
