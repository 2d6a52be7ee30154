import type { PubsubSubscriptionCloudStorageConfig } from '@cdktf/provider-google/lib/pubsub-subscription';

/** The folder of the records that Pub/Sub delivers unchanged. */
export const RAW = 'raw/';

/**
 * How Pub/Sub writes files: Avro keeps any payload, with the id, the time and the attributes of its message, which a text file
 * would lose. A file is closed after 5 minutes or at 100 MiB, whichever comes first. The name has a folder for each day. Pub/Sub
 * cannot create folders such as `year=2026`, which query engines read as partitions.
 */
export function rawFiles(bucket: string): PubsubSubscriptionCloudStorageConfig {
  return {
    bucket,
    filenamePrefix: RAW,
    filenameDatetimeFormat: 'YYYY/MM/DD/hh_mm_ssZ',
    filenameSuffix: '.avro',
    maxDuration: '300s',
    maxBytes: 100 * 1024 * 1024,
    avroConfig: { writeMetadata: true },
  };
}
