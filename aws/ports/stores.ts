import type { EventPattern } from 'aws-cdk-lib/aws-events';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Binding, Workload } from './identity';

/** A store of objects. */
export interface ObjectStore {
  /** Allow `writer` to add objects, and nothing else: it can neither read nor delete them. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Allow `reader` to list and read objects, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}

/** A store of objects in S3, for what names its objects by bucket and prefix, such as a table of Athena. */
export interface BucketStore extends ObjectStore {
  readonly bucket: IBucket;
  /** The prefix of all object keys, ending in a slash. */
  readonly prefix: string;
  /**
   * Let the bucket send an event to EventBridge for each new object.
   * @returns the pattern of the events for objects below the prefix
   */
  bindCreated(): EventPattern;
}

/** A table of the Glue catalog over objects in S3, for a service that queries it. */
export interface CatalogTable {
  readonly databaseName: string;
  readonly tableName: string;
  /** A view of the table without duplicates. */
  readonly viewName: string;
  /** Allow `reader` to read the table, its view and its objects, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}

/** A store of rows. */
export interface TableStore {
  /** Allow `writer` to add rows, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Allow `reader` to query rows, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}
