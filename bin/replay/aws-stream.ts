import { partitionKeyOf } from './letter';

/** A record of a stream. */
export interface StreamRecord {
  readonly data: Buffer;
  readonly sequenceNumber: string;
  readonly partitionKey?: string;
}

/** The position of the records of a failed batch, from a failure record of Lambda. */
export interface BatchInfo {
  readonly shardId: string;
  readonly startSequenceNumber: string;
  readonly endSequenceNumber: string;
  readonly batchSize: number;
  readonly streamArn: string;
}

/** Writes records to streams, and reads records at a position. */
export interface Streams {
  put(streamArn: string, record: Omit<StreamRecord, 'sequenceNumber'>): Promise<unknown>;
  /** @throws Error if the stream no longer has all of them */
  between(batch: BatchInfo): Promise<readonly StreamRecord[]>;
}

/** The parts of the ARN of a stream or a queue. */
export function arnParts(arn: string): {
  readonly service: string;
  readonly region: string;
  readonly account: string;
  readonly name: string;
} {
  const [, , service = '', region = '', account = '', ...rest] = arn.split(':');
  return { service, region, account, name: rest.join(':').replace(/^stream\//, '') };
}

/** Uses the official client, in the region of the ARN. */
export function streams(): Streams {
  const sdk: typeof import('@aws-sdk/client-kinesis') = require('@aws-sdk/client-kinesis');
  const clients = new Map<string, InstanceType<typeof sdk.KinesisClient>>();
  const clientOf = (arn: string) => {
    const { region } = arnParts(arn);
    const client = clients.get(region) ?? new sdk.KinesisClient({ region, requestHandler: plainHttp() });
    clients.set(region, client);
    return client;
  };
  const place = (arn: string) => ({ StreamARN: arn, StreamName: arnParts(arn).name });

  return {
    put: (arn, { data, partitionKey }) => {
      const { partitionkey, id } = partitionKeyOf(data);
      const PartitionKey = partitionKey ?? [...(partitionkey ?? id ?? 'replay')].slice(0, 256).join('');
      return clientOf(arn).send(new sdk.PutRecordCommand({ ...place(arn), Data: data, PartitionKey }));
    },
    async between({ streamArn, shardId, startSequenceNumber, endSequenceNumber, batchSize }) {
      const client = clientOf(streamArn);
      const found: StreamRecord[] = [];
      const isBefore = ({ sequenceNumber }: StreamRecord) => BigInt(sequenceNumber) < BigInt(endSequenceNumber);
      for (let after: string | undefined; found.length === 0 || isBefore(found.at(-1)!); after = found.at(-1)!.sequenceNumber) {
        const { ShardIterator } = await client.send(
          new sdk.GetShardIteratorCommand({
            ...place(streamArn),
            ShardId: shardId,
            ShardIteratorType: after === undefined ? 'AT_SEQUENCE_NUMBER' : 'AFTER_SEQUENCE_NUMBER',
            StartingSequenceNumber: after ?? startSequenceNumber,
          }),
        );
        const { Records = [] } = await client.send(new sdk.GetRecordsCommand({ ShardIterator, Limit: 1000 }));
        if (Records.length === 0) break;
        for (const { Data, SequenceNumber, PartitionKey } of Records) {
          if (BigInt(SequenceNumber!) > BigInt(endSequenceNumber)) break;
          found.push({ data: Buffer.from(Data!), sequenceNumber: SequenceNumber!, partitionKey: PartitionKey });
        }
        if (found.length === 0 || BigInt(Records.at(-1)!.SequenceNumber!) > BigInt(endSequenceNumber)) break;
      }
      if (found.length !== batchSize)
        throw new Error(
          `the stream has ${found.length} of ${batchSize} records from ${startSequenceNumber} on: the retention of the others has ended`,
        );
      return found;
    },
  };
}

/** HTTP/1.1, like the other clients. The default of this client is HTTP/2, which emulators do not support (mhart/kinesalite#118). */
function plainHttp() {
  const { SQSClient }: typeof import('@aws-sdk/client-sqs') = require('@aws-sdk/client-sqs');
  return new SQSClient({ region: 'us-east-1' }).config.requestHandler;
}
