import { addAbortSignal, type Readable } from 'node:stream';
import { ContainerClient, type RestError } from '@azure/storage-blob';
import { linesOf } from '../../shared/runtime/lines';
import { setting } from '../../shared/runtime/setting';
import { type OpenedObject, storeLines } from '../../shared/runtime/stored-lines';
import { identity } from './container';
import { eventProcessor, type MessagesProps, type Processor, wholeLetter } from './messages';
import { fieldsOf } from './metadata';

/** A blob, as an event of Event Grid names it. */
export interface NamedBlob {
  readonly url: string;
  /** Names its content: another write has another one. */
  readonly etag: string;
}

/**
 * Opens a blob.
 * @returns the blob, or why it can never be read
 * @throws Error if the store does not answer, or denies the read: the message is retried
 */
export type OpenBlob = (blob: NamedBlob, signal: AbortSignal) => Promise<OpenedObject | { readonly reason: string }>;

/** What a source calls whose messages name new blobs. Each call can be repeated. */
export interface CreatedBlobsProps<Stored> extends MessagesProps<Stored> {
  readonly open: OpenBlob;
}

/**
 * Timeout of one blob. After it, its dead letters are written, or the handler waits before the message goes back to the queue. All of
 * that ends within the ten minutes of `functionTimeout`.
 */
const TIMEOUT_MS = 4 * 60 * 1000;

/**
 * Processes messages that name new blobs: each line of a blob is an event of the contract. A blob is read as a stream and written in
 * lots, so it can be larger than the memory of the function.
 *
 * A line that can never be processed goes to the dead letter with the address of its blob and its number, and the others are stored. If
 * there are more than a hundred, one dead letter with the message stands for the rest. So it does for a blob that is gone or damaged,
 * or that is not one of the store. Dead letters are written after every lot. After any other error the blob is read again from its
 * start: the same lines make the same lots.
 *
 * Any other message is an event itself: a line that was replayed from the dead letter.
 */
export function blobProcessor<Stored>({ open, ...props }: CreatedBlobsProps<Stored>): Processor {
  const events = eventProcessor(props);
  return {
    deadLetter: props.deadLetter,
    process: async (message) => {
      const blob = blobIn(message.record.bytes);
      if (blob === undefined) return events.process(message);
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const opened = await open(blob, signal);
      if ('reason' in opened) return [wholeLetter(message, opened.reason, { blob: blob.url })];
      const place = { blob: blob.url, version: opened.version };
      const { letters, rest } = await storeLines(opened, place, props, signal);
      const { position } = message.record;
      return [
        ...letters.map((letter) => ({ ...letter, position: { ...position, ...letter.position } })),
        ...(rest ? [wholeLetter(message, rest.reason, { ...place, line: rest.line })] : []),
      ];
    },
  };
}

/**
 * The blob that an event of Event Grid names. Nothing, if it is no event of a new blob.
 * @see https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
 */
export function blobIn(message: Buffer): NamedBlob | undefined {
  try {
    const { type, data } = fieldsOf(JSON.parse(message.toString()));
    const { url, eTag } = fieldsOf(data);
    const isRight = type === 'Microsoft.Storage.BlobCreated' && typeof url === 'string' && typeof eTag === 'string' && eTag !== '';
    return isRight ? { url, etag: bare(eTag) } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A function that reads blobs from the container of a binding, and no others: whoever can send to the queue could name the blob of a
 * stranger. A blob that was overwritten is read as the event names it, from its versions.
 * @param name `SOURCE` reads `SOURCE_ENDPOINT` and `SOURCE_CONTAINER`
 * @see https://learn.microsoft.com/rest/api/storageservices/get-blob
 */
export function openFrom(name: string): OpenBlob {
  const address = `${setting(`${name}_ENDPOINT`)}${setting(`${name}_CONTAINER`)}`;
  const container = new ContainerClient(address, identity());
  const prefix = new URL(`${address}/`);

  return async ({ url, etag }, abortSignal) => {
    const blobName = nameIn(url, prefix);
    if (blobName === undefined) return { reason: `the blob is not in ${address}` };
    const blob = container.getBlobClient(blobName);
    try {
      return opened(await blob.download(0, undefined, { conditions: { ifMatch: `"${etag}"` }, abortSignal, maxRetryRequests: 5 }));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    for await (const { name: found, versionId, properties } of container.listBlobsFlat({
      prefix: blobName,
      includeVersions: true,
      abortSignal,
    })) {
      // The name itself is the first one that starts with it.
      if (found !== blobName) break;
      if (versionId === undefined || bare(properties.etag) !== etag) continue;
      return opened(await blob.withVersion(versionId).download(0, undefined, { abortSignal, maxRetryRequests: 5 }));
    }
    return { reason: 'the blob is gone, or was overwritten in an account without versions' };

    function opened({
      readableStreamBody,
      lastModified,
    }: {
      readableStreamBody?: NodeJS.ReadableStream;
      lastModified?: Date;
    }): OpenedObject {
      return { stored: lastModified!, version: etag, lines: linesOf(addAbortSignal(abortSignal, readableStreamBody as Readable)) };
    }
  };
}

/** The name of a blob of a container. Events of a data lake have the address of its Data Lake API. */
function nameIn(url: string, container: URL): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { host, pathname } = new URL(url);
  if (host.replace('.dfs.', '.blob.') !== container.host || !pathname.startsWith(container.pathname)) return undefined;
  try {
    return decodeURIComponent(pathname.slice(container.pathname.length)) || undefined;
  } catch {
    return undefined;
  }
}

/** Whether there is no blob of that name, or one with another content. */
function isGone(error: unknown): boolean {
  const { code, statusCode } = error as Partial<RestError>;
  return (statusCode === 404 && code === 'BlobNotFound') || statusCode === 412;
}

/** An entity tag without quotes: headers have them, and events and lists do not. */
function bare(etag: string): string {
  return etag.replaceAll('"', '');
}
