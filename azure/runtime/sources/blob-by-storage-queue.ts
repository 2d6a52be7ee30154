import type { GenericFunctionOptions } from '@azure/functions';
import { blobProcessor, type CreatedBlobsProps } from '../created-blobs';
import { storageQueueMessages } from './storage-queue';

/** New blobs of a store: each message of a storage queue names one, and each of its lines is an event. */
export function blobByStorageQueueSource<Stored>(props: CreatedBlobsProps<Stored>): GenericFunctionOptions {
  return storageQueueMessages(blobProcessor(props));
}
