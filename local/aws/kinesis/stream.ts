/** A record as it lies in the stream. */
export interface StreamRecord {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Buffer;
  readonly arrival: Date;
}

/** Where records come from. */
export interface StreamSource {
  readonly arn: string;
  shards(): Promise<readonly string[]>;
  /** The records of a shard after one of them, or from the first that is kept. */
  read(shard: string, after: string | undefined, limit: number): Promise<readonly StreamRecord[]>;
}
