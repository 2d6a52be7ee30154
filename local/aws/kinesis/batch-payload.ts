import type { StreamRecord } from './stream';

/** A record with its JSON in the payload of the function. */
export interface PackedRecord extends StreamRecord {
  readonly json: string;
  readonly bytes: number;
}

/** The largest payload of a synchronous call. */
const PAYLOAD_BYTES = 6 * 1024 * 1024;
const ENVELOPE_BYTES = '{"Records":[]}'.length;

/** Convert a record to the format that the function gets. `invokeIdentityArn` is left out, because roles are not emulated. */
export function pack(record: StreamRecord, { shard, streamArn, region, jsonOf }: RecordOrigin): PackedRecord {
  const json = JSON.stringify(jsonOf?.(record) ?? ofKinesis(record, shard, streamArn, region));
  return { ...record, json, bytes: Buffer.byteLength(json) + 1 };
}

/** Where a record comes from, and how it looks if it is not one of Kinesis. */
interface RecordOrigin {
  readonly shard: string;
  readonly streamArn: string;
  readonly region: string;
  readonly jsonOf?: (record: StreamRecord) => object | undefined;
}

function ofKinesis(record: StreamRecord, shard: string, streamArn: string, region: string) {
  return {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: record.partitionKey,
      sequenceNumber: record.sequenceNumber,
      data: record.data.toString('base64'),
      approximateArrivalTimestamp: record.arrival.getTime() / 1000,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${shard}:${record.sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    awsRegion: region,
    eventSourceARN: streamArn,
  };
}

export function payloadOf(records: readonly PackedRecord[]): string {
  return `{"Records":[${records.map(({ json }) => json).join(',')}]}`;
}

/** How many of these records fit into one call: at least one. */
export function fitting(records: readonly PackedRecord[], batchSize: number): number {
  let bytes = ENVELOPE_BYTES;
  const tooMuch = records.findIndex((record) => {
    bytes += record.bytes;
    return bytes > PAYLOAD_BYTES;
  });
  return Math.min(batchSize, tooMuch === -1 ? records.length : Math.max(tooMuch, 1));
}
