import type { GenericFunctionOptions } from '@azure/functions';
import { blobProcessor, type CreatedBlobsProps } from '../created-blobs';
import { serviceBusMessages } from './service-bus';

/** New blobs of a store: each message of a queue of Service Bus names one, and each of its lines is an event. */
export function blobByServiceBusSource<Stored>(props: CreatedBlobsProps<Stored>): GenericFunctionOptions {
  return serviceBusMessages(blobProcessor(props));
}
