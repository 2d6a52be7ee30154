import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DynamoDBClient, PutItemCommand, QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { synthesizeAws } from '../../../../bin/aws';
import { DynamoDb, type Item } from '../../../aws/dynamodb/dynamodb';
import { rowOf } from '../../../aws/dynamodb/item-row';
import type { WriteFate } from '../../../chaos';
import type { Fault } from '../../../faults';
import { temporaryFolder } from '../../folder';
import { runOnce } from '../../support';

const TABLE = {
  TableName: 'rows',
  BillingMode: 'PAY_PER_REQUEST' as const,
  AttributeDefinitions: [
    { AttributeName: 'eventKey', AttributeType: 'S' as const },
    { AttributeName: 'rowIndex', AttributeType: 'N' as const },
  ],
  KeySchema: [
    { AttributeName: 'eventKey', KeyType: 'HASH' as const },
    { AttributeName: 'rowIndex', KeyType: 'RANGE' as const },
  ],
};

describe('the table', () => {
  let table: DynamoDb;
  let client: DynamoDBClient;
  let fate: WriteFate = 'take';
  const added: Item[] = [];

  beforeAll(async () => {
    table = await DynamoDb.start(TABLE, { fate: () => fate, added: (item) => added.push(item), strike: () => {} });
    const credentials = { accessKeyId: 'nobody', secretAccessKey: 'nothing' };
    client = new DynamoDBClient({ region: 'eu-west-1', endpoint: table.endpoint, credentials, maxAttempts: 1 });
  });
  afterAll(async () => {
    client.destroy();
    await table.stop();
  });
  beforeEach(() => {
    fate = 'take';
    added.splice(0);
  });

  const put = (id: string, more: object = {}, ConditionExpression: string | undefined = 'attribute_not_exists(eventKey)') =>
    client.send(
      new PutItemCommand({ TableName: 'rows', Item: { eventKey: { S: id }, rowIndex: { N: '0' }, ...more }, ConditionExpression }),
    );

  test('tells of an item once, whatever is put twice', async () => {
    await put('/s|once');
    await expect(put('/s|once', { more: { S: 'x' } })).rejects.toThrow('The conditional request failed');
    expect(added.map(({ eventKey }) => eventKey?.S)).toEqual(['/s|once']);
  });

  test('answers a query by key', async () => {
    await put('/s|asked', { n: { N: '12345678901234567890' } });
    const ExpressionAttributeValues = { ':key': { S: '/s|asked' } };
    const { Items } = await client.send(
      new QueryCommand({ TableName: 'rows', KeyConditionExpression: 'eventKey = :key', ExpressionAttributeValues }),
    );
    expect(Items).toEqual([{ eventKey: { S: '/s|asked' }, rowIndex: { N: '0' }, n: { N: '12345678901234567890' } }]);
  });

  test('stores nothing of a write that a fault strikes', async () => {
    fate = 'refuse';
    await expect(put('/s|struck')).rejects.toThrow('Service is not available.');
    expect(added).toEqual([]);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'a put that could replace an item',
      () => put('/s|1', {}, 'rowIndex = rowIndex'),
      'PutItem is emulated only with attribute_not_exists.',
    ],
    ['another action', () => client.send(new ScanCommand({ TableName: 'rows' })), 'Scan is not emulated: only PutItem and Query are.'],
    ['an item over 400 KB', () => put('/s|2', { text: { S: 'x'.repeat(410_000) } }), 'Item size has exceeded the maximum allowed size'],
  ])('refuses %s', async (_, act, why) => expect(act()).rejects.toThrow(why));
});

test('an item is the row of its event, with all digits', () => {
  const item = {
    eventKey: { S: '/s|a|b' },
    rowIndex: { N: '0' },
    eventTime: { S: 'now' },
    data: { M: { n: { N: '12345678901234567890' }, list: { L: [{ BOOL: true }, { NULL: true as const }] } } },
  };
  expect(rowOf(item, 'rows')).toEqual({
    event: { source: '/s', id: 'a|b' },
    text: '{"data":{"n":12345678901234567890,"list":[true,null]}}',
    place: 'rows',
  });
});

describe('the blueprint', () => {
  const folder = temporaryFolder();
  beforeAll(() => void synthesizeAws({ BLUEPRINT: 'dynamodb' }, folder));

  test('stores each event once in the table, and each row as one change in the bucket', async () => {
    const { balance, data } = await runOnce({ cloud: 'aws', folder, count: 150 });
    expect(balance.faults).toEqual([]);
    expect(balance.stored).toBeGreaterThan(100);
    const bucket = path.join(data, 's3');
    const files = readdirSync(bucket, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ndjson.gz'));
    const lines = files.flatMap((file) =>
      gunzipSync(readFileSync(path.join(bucket, file)))
        .toString()
        .split('\n')
        .slice(0, -1),
    );
    const changes = lines.map((line) => JSON.parse(line) as { type: string; data: { keys: { eventKey: string } } });
    expect(new Set(changes.map(({ type }) => type))).toEqual(new Set(['row.added']));
    const keys = changes.map(({ data: { keys } }) => keys.eventKey);
    expect(keys.length).toBe(new Set(keys).size);
    expect(keys.length).toBeLessThanOrEqual(balance.stored);
    expect(keys.length).toBeGreaterThan(100);
  });

  test.each<Fault>(['store-down', 'poison'])('loses nothing under %s', async (fault) => {
    const { balance } = await runOnce({ cloud: 'aws', folder, fault, count: 60 });
    expect(balance.faults).toEqual([]);
    expect(balance.stored).toBeGreaterThan(0);
  });
});
