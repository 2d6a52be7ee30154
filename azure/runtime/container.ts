import { createHash } from 'node:crypto';
import { ManagedIdentityCredential } from '@azure/identity';
import { type BlobRequestConditions, type BlockBlobClient, ContainerClient, RestError } from '@azure/storage-blob';
import { setting } from '../../shared/runtime/setting';

/** Write one blob. The same name again replaces it. The signal ends a write that gets no answer. */
export type PutBlob = (name: string, body: string | Buffer, signal?: AbortSignal) => Promise<void>;

/** How long to ask for a blob whose write got no answer. */
const ANSWER_MS = 20 * 1000;

/** Sign in as the identity of the function. */
export function identity(): ManagedIdentityCredential {
  return new ManagedIdentityCredential({ clientId: setting('AZURE_CLIENT_ID') });
}

/**
 * Write blobs into the container that the settings of a binding name, as the identity of the function.
 *
 * A write of which only the answer was lost has succeeded: without an answer, the container is asked whether it holds these
 * very bytes. One that arrives later than that is not seen.
 *
 * Only the signal bounds how long a write takes: the client's own `tryTimeoutInMs` is a wish to the server, and does
 * nothing where no answer comes.
 */
export function containerOf(name: string, blobContentType: string, conditions: BlobRequestConditions = {}): PutBlob {
  const container = new ContainerClient(`${setting(`${name}_ENDPOINT`)}${setting(`${name}_CONTAINER`)}`, identity());
  return async (blobName, body, abortSignal) => {
    const blob = container.getBlockBlobClient(blobName);
    try {
      await blob.upload(body, Buffer.byteLength(body), { blobHTTPHeaders: { blobContentType }, conditions, abortSignal });
    } catch (error) {
      if (isAnswer(error) || !(await holds(blob, body))) throw error;
    }
  };
}

/** Whether the store has said that it did not write. A fault of the server says nothing of that. */
function isAnswer(error: unknown): boolean {
  return error instanceof RestError && error.statusCode !== undefined && error.statusCode < 500;
}

/** Whether a blob is there, with these bytes in it. Where nobody answers, it is not. */
async function holds(blob: BlockBlobClient, body: string | Buffer): Promise<boolean> {
  try {
    const { contentMD5 } = await blob.getProperties({ abortSignal: AbortSignal.timeout(ANSWER_MS) });
    return contentMD5 !== undefined && createHash('md5').update(body).digest().equals(contentMD5);
  } catch {
    return false;
  }
}
