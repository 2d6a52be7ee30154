import { REGION } from '../../template/cloudformation';
import type { StreamRecord, StreamSource } from '../kinesis/stream';
import type { Item } from './dynamodb';

const SHARD = 'shardId-00000000000000000000-00000000';

interface Change extends StreamRecord {
  readonly keys: Item;
  readonly after: Item;
}

/** The stream of a table: one shard, in order. It has added items only, because nothing changes or removes an item here. */
export class ChangeLog implements StreamSource {
  private readonly changes: Change[] = [];

  /** @param keys the names of the key attributes of the table */
  constructor(
    readonly arn: string,
    private readonly keys: readonly string[],
  ) {}

  /** @returns the sequence number of the change */
  add(after: Item): string {
    const keys = Object.fromEntries(this.keys.map((name) => [name, after[name]!]));
    const sequenceNumber = String(this.changes.length + 1).padStart(21, '1000000000');
    this.changes.push({ sequenceNumber, partitionKey: '', data: Buffer.alloc(0), arrival: new Date(), keys, after });
    return sequenceNumber;
  }

  async shards(): Promise<readonly string[]> {
    return [SHARD];
  }

  async read(_: string, after: string | undefined, limit: number): Promise<readonly Change[]> {
    const start = after === undefined ? 0 : this.changes.findIndex(({ sequenceNumber }) => sequenceNumber === after) + 1;
    return this.changes.slice(start, start + limit);
  }

  /** @see https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
  jsonOf({ sequenceNumber, arrival, keys, after }: Change): object {
    return {
      eventID: sequenceNumber,
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: REGION,
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(arrival.getTime() / 1000),
        Keys: keys,
        NewImage: after,
        SequenceNumber: sequenceNumber,
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
      eventSourceARN: this.arn,
    };
  }
}
