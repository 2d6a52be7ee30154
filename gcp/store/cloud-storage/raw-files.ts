import type { PubsubSubscriptionCloudStorageConfig } from '@cdktf/provider-google/lib/pubsub-subscription';
import type { IConstruct } from 'constructs';
import { requireNumber, requireOneOf, SettingError } from '../../../shared/synth/settings';

/** The folder of the records that Pub/Sub delivers unchanged. */
export const RAW = 'raw/';

/** How Pub/Sub writes records into files. */
export interface RawFiles {
  /**
   * `avro` keeps any payload, with the id, the time, the attributes and the ordering key of its message. `text` has only the payloads,
   * one in each line: for readers of JSON lines, and for events that have no line break in them. A change applies to the files that
   * follow.
   * @default avro
   */
  readonly format?: 'avro' | 'text';
  /**
   * After how many seconds a file is closed, from 60 to 600. Until then its records are not acknowledged, and nobody reads them.
   * @default 300
   */
  readonly maxSeconds?: number;
  /**
   * At how many MiB a file is closed before that, from 1 to 10240.
   * @default 100
   */
  readonly maxMiB?: number;
}

/**
 * Refuse settings that Pub/Sub does not take. The provider does not check them.
 * @throws SettingError
 */
export function requireRawFiles(scope: IConstruct, files: RawFiles) {
  if (typeof files !== 'object' || files === null || Array.isArray(files)) {
    throw new SettingError(scope, 'rawFiles must be an object', JSON.stringify(files), "Write it like { format: 'text' }.");
  }
  const { format = 'avro', maxSeconds = 300, maxMiB = 100 } = files;
  requireOneOf(scope, { 'rawFiles.format': format }, ['avro', 'text'], 'Pub/Sub writes no other format.');
  const age = { from: 60, to: 600, unit: 'seconds', remedy: 'It is the limit of Pub/Sub.' };
  requireNumber(scope, { 'rawFiles.maxSeconds': maxSeconds }, age, 'known');
  const size = { from: 1, to: 10_240, unit: 'MiB', remedy: 'It is the limit of Pub/Sub.' };
  requireNumber(scope, { 'rawFiles.maxMiB': maxMiB }, size, 'known');
}

/**
 * The settings of Pub/Sub for files. A file is closed by its age or its size, whichever comes first. The name has a folder for each
 * day. Pub/Sub cannot create folders such as `year=2026`, which query engines read as partitions, and it writes no Parquet.
 * @see https://cloud.google.com/pubsub/docs/cloudstorage
 */
export function rawFiles(
  bucket: string,
  { format = 'avro', maxSeconds = 300, maxMiB = 100 }: RawFiles,
): PubsubSubscriptionCloudStorageConfig {
  return {
    bucket,
    filenamePrefix: RAW,
    filenameDatetimeFormat: 'YYYY/MM/DD/hh_mm_ssZ',
    filenameSuffix: format === 'avro' ? '.avro' : '.jsonl',
    maxDuration: `${maxSeconds}s`,
    maxBytes: maxMiB * 1024 * 1024,
    // Without it, Pub/Sub writes text.
    avroConfig: format === 'avro' ? { writeMetadata: true } : undefined,
  };
}
