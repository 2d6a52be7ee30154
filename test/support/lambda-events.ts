import { gzipSync } from 'node:zlib';
import type { DynamoDBRecord, KinesisStreamRecord, SQSRecord } from 'aws-lambda';
import { ARRIVAL } from './settling';

/** A record of Kinesis: the bytes that came in, their place in the shard, and when they arrived. */
export function kinesisRecord(bytes: Buffer, place = 1, { shard = 0, arrived = ARRIVAL } = {}): KinesisStreamRecord {
  const sequenceNumber = `49590338271490256608559692538361571095921575989136588${String(place).padStart(3, '0')}`;
  return {
    eventID: `shardId-00000000000${shard}:${sequenceNumber}`,
    eventSourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/events',
    kinesis: {
      data: bytes.toString('base64'),
      sequenceNumber,
      approximateArrivalTimestamp: arrived.getTime() / 1000,
      partitionKey: 'key',
      kinesisSchemaVersion: '1.0',
    },
  } as KinesisStreamRecord;
}

/** A message of SQS: what was sent, which one it is, and when it arrived. */
export function sqsRecord(body: string, place = 1, { arrived = ARRIVAL, kind = '' } = {}): SQSRecord {
  return {
    messageId: `059f36b4-87a3-44ab-83d2-${String(place).padStart(12, '0')}`,
    body,
    attributes: { SentTimestamp: String(arrived.getTime()), ApproximateReceiveCount: '1' },
    messageAttributes: kind ? { kind: { stringValue: kind, dataType: 'String' } } : {},
    eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:events',
  } as unknown as SQSRecord;
}

/** A change of DynamoDB: its id, which is that of its event, its place in the stream, and when it arrived. */
export function changeOf(id: string, place = 1, { arrived = ARRIVAL, after = {} }: ChangeOptions = {}): DynamoDBRecord {
  return {
    eventID: id,
    eventName: 'INSERT',
    eventSourceARN: 'arn:aws:dynamodb:eu-west-1:123456789012:table/rows/stream/2026-01-31T08:30:00.000',
    dynamodb: {
      ApproximateCreationDateTime: arrived.getTime() / 1000,
      Keys: { eventKey: { S: `/test|${id}` }, rowIndex: { N: '0' } },
      NewImage: after,
      SequenceNumber: `49590338271490256608559${String(place).padStart(3, '0')}`,
    },
  };
}

interface ChangeOptions {
  readonly arrived?: Date;
  readonly after?: NonNullable<DynamoDBRecord['dynamodb']>['NewImage'];
}

/** An object that a message names, and its lines. */
export interface SentObject {
  readonly bucket: string;
  readonly key: string;
  readonly version?: string;
  readonly content: Uint8Array;
}

/** The message for a new object, as our rule of EventBridge makes it of an event of S3. */
export function createdOf({ bucket, key, version, content }: SentObject, place = 1): SQSRecord {
  const object = { key, size: content.length, etag: 'tag', ...(version && { 'version-id': version }), sequencer: '0A' };
  const detail = { version: '0', bucket: { name: bucket }, object, 'request-id': 'N4N7', requester: '123456789012', reason: 'PutObject' };
  const created = { specversion: '1.0', id: `created-${place}`, source: 'aws.s3', type: 'Object Created', time: '2026-01-31T08:30:00Z' };
  return sqsRecord(JSON.stringify({ ...created, data: detail }), place);
}

/** What Lambda hands to a function beside the event. */
export const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };

interface Batch {
  readonly Records: object[];
  readonly ids: string[];
  /** What the records only name. */
  readonly objects?: readonly SentObject[];
}

/** What Lambda hands over of each form of records: payloads as records of one batch, with the id that a failure is reported by. */
export const BATCHES: Readonly<Record<string, (payloads: readonly string[]) => Batch>> = {
  kinesis: (payloads) => {
    const Records = payloads.map((payload, place) => kinesisRecord(Buffer.from(payload), place));
    return { Records, ids: Records.map(({ kinesis }) => kinesis.sequenceNumber) };
  },
  // A change is an event that the source makes. One without an id is none.
  dynamodb: (payloads) => {
    const Records = payloads.map((payload, place) => {
      const [, id] = /"id":"(\w+)"/.exec(payload) ?? [];
      return changeOf(id ?? '', place, { after: { text: { S: payload } } });
    });
    return { Records, ids: Records.map(({ dynamodb }) => dynamodb!.SequenceNumber!) };
  },
  sqs: (payloads) => {
    const Records = payloads.map((payload, place) => sqsRecord(payload, place));
    return { Records, ids: Records.map(({ messageId }) => messageId) };
  },
  // All payloads are lines of one object.
  s3: (payloads) => {
    const object = { bucket: 'source', key: 'events/früh am/1 + 1.txt', version: 'v1', content: gzipSync(payloads.join('\n')) };
    const message = createdOf(object);
    return { Records: [message], ids: [message.messageId], objects: [object] };
  },
};
