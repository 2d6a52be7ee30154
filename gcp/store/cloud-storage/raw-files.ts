import type { PubsubSubscriptionCloudStorageConfig } from '@cdktf/provider-google/lib/pubsub-subscription';

/** Where records lie that Pub/Sub delivered as they came. */
export const RAW = 'raw/';

/**
 * How Pub/Sub writes files: Avro keeps any payload, and with it the id, the time and the attributes of its message, which a
 * file of lines would lose. A file is closed after 5 minutes or at 100 MiB, at what comes first. A folder for each day stands in the
 * name; folders such as `year=2026`, which query engines read as partitions, are not to be had.
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
