import type { KinesisStreamRecord } from 'aws-lambda';
import { type StreamRecord, type StreamSourceProps, streamSource } from '../stream-source';

/**
 * A handler for batches of a Kinesis stream.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export function kinesisSource<Stored>(props: StreamSourceProps<Stored>) {
  return streamSource(props, (record: KinesisStreamRecord) => new KinesisRecord(record));
}

/** A record of a stream. Its properties are computed when they are read. */
class KinesisRecord implements StreamRecord {
  constructor(private readonly record: KinesisStreamRecord) {}

  get bytes(): Buffer {
    return Buffer.from(this.record.kinesis.data, 'base64');
  }

  get arrived(): Date {
    return new Date(this.record.kinesis.approximateArrivalTimestamp * 1000);
  }

  get position() {
    const { eventID, eventSourceARN, kinesis } = this.record;
    // The event id of a Kinesis record is its shard and its sequence number, with a colon between them.
    return { stream: eventSourceARN, shard: eventID.slice(0, eventID.indexOf(':')), sequenceNumber: kinesis.sequenceNumber };
  }
}
