import { ManagedIdentityCredential } from '@azure/identity';
import { type BlobRequestConditions, ContainerClient } from '@azure/storage-blob';
import { setting } from '../../shared/runtime/setting';

/** Write one blob. The same name again replaces it. The signal ends a write that gets no answer. */
export type PutBlob = (name: string, body: string | Buffer, signal?: AbortSignal) => Promise<void>;

/**
 * Write blobs into the container that the settings of a binding name, as the identity of the function.
 *
 * Only the signal bounds how long a write takes: the client's own `tryTimeoutInMs` is a wish to the server, and does
 * nothing where no answer comes.
 */
export function containerOf(name: string, blobContentType: string, conditions: BlobRequestConditions = {}): PutBlob {
  const credential = new ManagedIdentityCredential({ clientId: setting('AZURE_CLIENT_ID') });
  const container = new ContainerClient(`${setting(`${name}_ENDPOINT`)}${setting(`${name}_CONTAINER`)}`, credential);
  return async (blob, body, abortSignal) => {
    const options = { blobHTTPHeaders: { blobContentType }, conditions, abortSignal };
    await container.getBlockBlobClient(blob).upload(body, Buffer.byteLength(body), options);
  };
}
