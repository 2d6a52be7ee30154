import type { StreamRecord } from './stream';

/** A record with the text that the function gets of it. */
export interface PackedRecord extends StreamRecord {
  readonly json: string;
  readonly bytes: number;
}

/** The largest payload of a call that waits for its answer. */
const PAYLOAD_BYTES = 6 * 1024 * 1024;
const ENVELOPE_BYTES = '{"Records":[]}'.length;

/** Write a record as the function gets it. `invokeIdentityArn` is left out, since roles are not emulated. */
export function pack(
  record: StreamRecord,
  { shard, streamArn, region }: { readonly shard: string; readonly streamArn: string; readonly region: string },
): PackedRecord {
  const json = JSON.stringify({
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
  });
  return { ...record, json, bytes: Buffer.byteLength(json) + 1 };
}

export function payloadOf(records: readonly PackedRecord[]): string {
  return `{"Records":[${records.map(({ json }) => json).join(',')}]}`;
}

/** How many of these records one call takes: at least one. */
export function fitting(records: readonly PackedRecord[], batchSize: number): number {
  let bytes = ENVELOPE_BYTES;
  const tooMuch = records.findIndex((record) => {
    bytes += record.bytes;
    return bytes > PAYLOAD_BYTES;
  });
  return Math.min(batchSize, tooMuch === -1 ? records.length : Math.max(tooMuch, 1));
}
