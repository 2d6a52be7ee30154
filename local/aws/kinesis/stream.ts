/** A record in the stream. */
export interface StreamRecord {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Buffer;
  readonly arrival: Date;
}

/** A stream that records are read from. */
export interface StreamSource {
  readonly arn: string;
  shards(): Promise<readonly string[]>;
  /** The records of a shard after a sequence number, or from the oldest record. */
  read(shard: string, after: string | undefined, limit: number): Promise<readonly StreamRecord[]>;
  /**
   * A record as the function gets it.
   * @default - as Lambda hands over a record of Kinesis
   */
  jsonOf?(record: StreamRecord): object;
}
