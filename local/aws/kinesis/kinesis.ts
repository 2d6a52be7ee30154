import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import path from 'node:path';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { listen, withoutHaste } from '../../loopback';
import { ACCOUNT, REGION } from '../../template/cloudformation';
import type { StreamRecord, StreamSource } from './stream';

/** The settings of the stream in the template. */
export interface StreamSettings {
  readonly name: string;
  readonly shards: number;
  readonly retentionHours: number;
}

/** kinesalite responds twice to a larger request, and then crashes. */
const LONGEST_REQUEST = 7 * 1024 * 1024;

/** Kinesis limits a response to 10 MB. kinesalite has only a limit of records. */
const RECORDS_AT_ONCE = 100;

/** A stream in kinesalite, on loopback, read with the official client. */
export class KinesisStream implements StreamSource {
  readonly arn: string;

  private constructor(
    readonly host: string,
    private readonly name: string,
    private readonly server: Server,
    private readonly client: KinesisClient,
    private readonly sdk: typeof import('@aws-sdk/client-kinesis'),
  ) {
    this.arn = arnOf(name);
  }

  /** @param folder the folder of its records */
  static async start({ name, shards, retentionHours }: StreamSettings, folder: string): Promise<KinesisStream> {
    const server = kinesalite(shards, folder);
    const { host } = await listen(server);
    const sdk = require('@aws-sdk/client-kinesis') as typeof import('@aws-sdk/client-kinesis');
    const { NodeHttpHandler } = require('@smithy/node-http-handler') as typeof import('@smithy/node-http-handler');
    const client = new sdk.KinesisClient({
      region: REGION,
      endpoint: `http://${host}`,
      credentials: { accessKeyId: 'nobody', secretAccessKey: 'nothing' },
      // The default of the client is HTTP/2, which kinesalite does not support (mhart/kinesalite#118).
      requestHandler: new NodeHttpHandler(),
    });
    const stream = new KinesisStream(host, name, server, client, sdk);
    await client.send(new sdk.CreateStreamCommand({ StreamName: name, ShardCount: shards }));
    await sdk.waitUntilStreamExists({ client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.05 }, { StreamName: name });
    if (retentionHours > 24) {
      await client.send(new sdk.IncreaseStreamRetentionPeriodCommand({ StreamName: name, RetentionPeriodHours: retentionHours }));
    }
    return stream;
  }

  async shards(): Promise<readonly string[]> {
    const { Shards = [] } = await this.client.send(new this.sdk.ListShardsCommand({ StreamName: this.name }));
    return Shards.map(({ ShardId }) => ShardId!);
  }

  /** The records of a shard after a sequence number, or from the oldest record. */
  async read(shard: string, after: string | undefined, limit: number): Promise<readonly StreamRecord[]> {
    if (after === undefined) return this.records(shard, { ShardIteratorType: 'TRIM_HORIZON' }, limit);
    return this.records(shard, { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: after }, limit);
  }

  /** The records of a shard between two of them, both included. */
  async between(shard: string, first: string, last: string): Promise<readonly StreamRecord[]> {
    const found: StreamRecord[] = [
      ...(await this.records(shard, { ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: first }, 1)),
    ];
    while (found.length > 0 && BigInt(found.at(-1)!.sequenceNumber) < BigInt(last)) {
      const more = await this.read(shard, found.at(-1)!.sequenceNumber, 100);
      if (more.length === 0) break;
      found.push(...more);
    }
    return found.filter(({ sequenceNumber }) => BigInt(sequenceNumber) <= BigInt(last));
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  private async records(
    shard: string,
    from: { ShardIteratorType: 'TRIM_HORIZON' | 'AT_SEQUENCE_NUMBER' | 'AFTER_SEQUENCE_NUMBER'; StartingSequenceNumber?: string },
    limit: number,
  ): Promise<readonly StreamRecord[]> {
    const { GetShardIteratorCommand, GetRecordsCommand } = this.sdk;
    // Get a new iterator for each read: the one in an empty response of kinesalite can skip the first record.
    const { ShardIterator } = await this.client.send(new GetShardIteratorCommand({ StreamName: this.name, ShardId: shard, ...from }));
    const { Records = [] } = await this.client.send(new GetRecordsCommand({ ShardIterator, Limit: Math.min(limit, RECORDS_AT_ONCE) }));
    return Records.map(({ SequenceNumber, PartitionKey, Data, ApproximateArrivalTimestamp }) => ({
      sequenceNumber: SequenceNumber!,
      partitionKey: PartitionKey!,
      data: Buffer.from(Data!),
      arrival: ApproximateArrivalTimestamp!,
    }));
  }
}

export function arnOf(stream: string): string {
  return `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/${stream}`;
}

/** Stores records in a folder, or in memory if its database has no build for this machine. */
function kinesalite(shardLimit: number, folder: string): Server {
  const create: (options: object) => Server = require('kinesalite');
  const options = { createStreamMs: 0, updateStreamMs: 0, shardLimit };
  const make = () => {
    try {
      return create({ ...options, path: path.join(folder, 'kinesis') });
    } catch {
      return create(options);
    }
  };
  // It reads its region from the environment once, when it is created.
  const before = process.env.AWS_REGION;
  process.env.AWS_REGION = REGION;
  const server = withoutHaste(make());
  if (before === undefined) delete process.env.AWS_REGION;
  else process.env.AWS_REGION = before;

  const [answer] = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (Number(request.headers['content-length'] ?? 0) <= LONGEST_REQUEST) return answer!(request, response);
    const message = `1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length less than or equal to 1048576`;
    request.resume();
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ __type: 'ValidationException', message }));
  });
  return server;
}
