import { type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AttributeValue, CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { WriteFate } from '../../chaos';
import { type Answer, type Loopback, listen, serve, withoutHaste } from '../../loopback';
import { REGION } from '../../template/cloudformation';

export type Item = Readonly<Record<string, AttributeValue>>;

/** Called for writes: they decide whether a write succeeds, and observe what was stored. */
export interface TableCallbacks {
  /** Called before an item is put, to decide the result. */
  fate(item: Item): WriteFate;
  /** Called after an item was added. */
  added(item: Item): void;
  /** Called to end or pause the process of the writer. */
  strike(fate: 'kill before' | 'kill after' | 'stall', accessKeyId: string): void;
}

const PUT = 'DynamoDB_20120810.PutItem';
const QUERY = 'DynamoDB_20120810.Query';
/** The only condition with which a put never replaces an item, so that each put that succeeds is one change. */
const ONLY_NEW = /^attribute_not_exists\((\w+)\)$/;

/** A table in dynalite, in memory, behind a server that injects faults and observes writes. Only puts of new items and queries pass. */
export class DynamoDb {
  private constructor(
    private readonly table: string,
    private readonly server: Server,
    private readonly port: number,
    private readonly front: Loopback,
    private readonly client: DynamoDBClient,
    private readonly sdk: typeof import('@aws-sdk/client-dynamodb'),
  ) {}

  static async start(table: CreateTableCommandInput & { readonly TableName: string }, callbacks: TableCallbacks): Promise<DynamoDb> {
    const dynalite: (options: object) => Server = require('dynalite');
    const server = withoutHaste(dynalite({ createTableMs: 0 }));
    const { host, port } = await listen(server);
    const sdk = require('@aws-sdk/client-dynamodb') as typeof import('@aws-sdk/client-dynamodb');
    const credentials = { accessKeyId: 'nobody', secretAccessKey: 'nothing' };
    const client = new sdk.DynamoDBClient({ region: REGION, endpoint: `http://${host}`, credentials });
    await client.send(new sdk.CreateTableCommand(table));
    await sdk.waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.05 }, { TableName: table.TableName });
    const front = await serve(({ headers }, body) => made.answer(headers, body, callbacks));
    const made = new DynamoDb(table.TableName, server, port, front, client, sdk);
    return made;
  }

  get endpoint(): string {
    return `http://${this.front.host}`;
  }

  /** All items. Reads some at a time. */
  async *items(): AsyncGenerator<Item> {
    let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.client.send(new this.sdk.ScanCommand({ TableName: this.table, ExclusiveStartKey }));
      yield* page.Items ?? [];
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
  }

  async stop(): Promise<void> {
    await this.front.close();
    this.client.destroy();
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  private async answer(headers: IncomingHttpHeaders, body: Buffer, callbacks: TableCallbacks): Promise<Answer> {
    const target = headers['x-amz-target'];
    if (target === QUERY) return this.forward(headers, body);
    if (target !== PUT) return refused(`${target} is not emulated: only PutItem and Query are.`);
    const { Item: item = {}, ConditionExpression = '' } = JSON.parse(body.toString()) as { Item?: Item; ConditionExpression?: string };
    if (!ONLY_NEW.test(ConditionExpression)) return refused('PutItem is emulated only with attribute_not_exists.');
    const fate = callbacks.fate(item);
    if (fate === 'refuse') return { status: 503, body: '{"__type":"x#ServiceUnavailable","message":"Service is not available."}' };
    const taken = fate === 'take' || fate === 'kill after' ? await this.forward(headers, body) : undefined;
    if (taken?.status === 200) callbacks.added(item);
    if (taken && fate === 'take') return taken;
    callbacks.strike(fate as 'kill before' | 'kill after' | 'stall', accessKeyOf(headers.authorization));
    // The writer has ended, or is paused.
    return new Promise(() => {});
  }

  private forward(headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: this.port, method: 'POST', path: '/', headers }, (response) => {
        const kept = Object.entries(response.headers).filter(([name]) => /^(content-type|x-amz.*)$/.test(name));
        response.toArray().then(
          (chunks) =>
            resolve({
              status: response.statusCode!,
              headers: Object.fromEntries(kept) as Record<string, string>,
              body: Buffer.concat(chunks),
            }),
          reject,
        );
      });
      sent.on('error', reject).end(body);
    });
  }
}

function refused(message: string): Answer {
  return { status: 400, body: JSON.stringify({ __type: 'x#ValidationException', message }) };
}

function accessKeyOf(authorization = ''): string {
  return /Credential=([^/]+)\//.exec(authorization)?.[1] ?? '';
}
