import { createHash } from 'node:crypto';
import { ManagedIdentityCredential } from '@azure/identity';
import { type BlobRequestConditions, type BlockBlobClient, ContainerClient, RestError } from '@azure/storage-blob';
import { setting } from '../../shared/runtime/setting';

/** Write one blob, or replace the blob of the same name. The signal aborts a write that gets no answer. */
export type PutBlob = (name: string, body: string | Buffer, signal?: AbortSignal) => Promise<void>;

/** Timeout of the check of a blob whose write got no answer. */
const CHECK_TIMEOUT_MS = 20 * 1000;

/** The credential of the identity of the function. */
export function identity(): ManagedIdentityCredential {
  return new ManagedIdentityCredential({ clientId: setting('AZURE_CLIENT_ID') });
}

/**
 * Write blobs into the container of a binding, with the identity of the function.
 *
 * If only the answer of a write was lost, the write has succeeded: without an answer, the blob is read to check that it has
 * the same bytes. A write that arrives after this check is not noticed.
 *
 * Only the signal limits the time of a write: the server may ignore `tryTimeoutInMs` of the client, and it has no effect if no
 * answer arrives.
 */
export function containerOf(name: string, blobContentType: string, conditions: BlobRequestConditions = {}): PutBlob {
  const container = new ContainerClient(`${setting(`${name}_ENDPOINT`)}${setting(`${name}_CONTAINER`)}`, identity());
  return async (blobName, body, abortSignal) => {
    const blob = container.getBlockBlobClient(blobName);
    try {
      await blob.upload(body, Buffer.byteLength(body), { blobHTTPHeaders: { blobContentType }, conditions, abortSignal });
    } catch (error) {
      if (isRefused(error) || !(await holds(blob, body))) throw error;
    }
  };
}

/** Whether the store refused the write. After an error of the server, the write may have succeeded. */
function isRefused(error: unknown): boolean {
  return error instanceof RestError && error.statusCode !== undefined && error.statusCode < 500;
}

/** Whether a blob exists and has these bytes. Without an answer: no. */
async function holds(blob: BlockBlobClient, body: string | Buffer): Promise<boolean> {
  try {
    const { contentMD5 } = await blob.getProperties({ abortSignal: AbortSignal.timeout(CHECK_TIMEOUT_MS) });
    return contentMD5 !== undefined && createHash('md5').update(body).digest().equals(contentMD5);
  } catch {
    return false;
  }
}
