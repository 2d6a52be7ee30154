import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { CLIENT_ENVIRONMENT } from '../../../support/aws-stand-ins';

type Handler = (event: { queryStringParameters: Record<string, string> | null }) => Promise<APIGatewayProxyResult>;

const SETTINGS = {
  STORE_TABLE: 'rows',
  STORE_INDEX: 'by-phone',
  STORE_LOOK_UP_BY: 'phone',
  MAX_ROWS: '25',
  DEFAULT_ROWS: '[{"language":"en"}]',
};
/** What DynamoDB answers. `undefined`: nothing. */
type Answer = { readonly status: number; readonly body: string } | undefined;

const queries: any[] = [];
let answer: Answer;
/** What it answers before that, in order. */
const pages: Answer[] = [];
let server: Server;
let handler: Handler;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      queries.push({ target: request.headers['x-amz-target'], ...JSON.parse(Buffer.concat(chunks).toString()) });
      const page = pages.shift() ?? answer;
      if (page) response.writeHead(page.status).end(page.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, CLIENT_ENVIRONMENT, SETTINGS, { AWS_ENDPOINT_URL_DYNAMODB: endpoint });
  ({ handler } = require('../../../../aws/runtime/api-gateway/look-up/main'));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  queries.splice(0);
  pages.splice(0);
  jest.spyOn(console, 'error').mockImplementation();
});

const lookUp = (key?: string) => handler({ queryStringParameters: key === undefined ? null : { key } });
const items = (...Items: object[]): Answer => ({ status: 200, body: JSON.stringify({ Items }) });

test('answers with the rows of the key, newest first, with all digits and without what the store adds', async () => {
  answer = items({
    eventKey: { S: '/s|1' },
    rowIndex: { N: '0' },
    eventTime: { S: 't' },
    expiresAt: { N: '9' },
    total: { N: '12345678901234567890.10' },
  });
  const { statusCode, body, headers } = await lookUp('+49 30 1');
  expect([statusCode, body]).toEqual([200, '{"found":"yes","rows":[{"total":12345678901234567890.10}]}']);
  expect(headers).toEqual({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  expect(queries).toEqual([
    expect.objectContaining({
      target: 'DynamoDB_20120810.Query',
      TableName: 'rows',
      IndexName: 'by-phone',
      KeyConditionExpression: '#field = :key',
      ExpressionAttributeNames: { '#field': 'phone' },
      ExpressionAttributeValues: { ':key': { S: '+49 30 1' }, ':now': { N: expect.stringMatching(/^\d{10}$/) } },
      FilterExpression: 'attribute_not_exists(expiresAt) OR expiresAt > :now',
      ScanIndexForward: false,
      Limit: 25,
    }),
  ]);
});

/** A page of the rows with these numbers, which is not the last. */
const page = (numbers: readonly number[]): Answer => ({
  status: 200,
  body: JSON.stringify({ Items: numbers.map((n) => ({ n: { N: `${n}` } })), LastEvaluatedKey: { eventKey: { S: '/s|1' } } }),
});
const rowsIn = (body: string): number[] => JSON.parse(body).rows.map(({ n }: { n: number }) => n);

test('finds rows behind expired ones, which DynamoDB counts in a page and leaves out of it', async () => {
  pages.push(page([]), page([3]));
  answer = items({ n: { N: '2' } });
  expect(rowsIn((await lookUp('press 7')).body)).toEqual([3, 2]);
  expect(queries.map(({ ExclusiveStartKey }) => ExclusiveStartKey)).toEqual([
    undefined,
    { eventKey: { S: '/s|1' } },
    { eventKey: { S: '/s|1' } },
  ]);
});

test('asks for no more pages than it needs, and answers with no more rows', async () => {
  const numbers = (from: number, to: number) => Array.from({ length: from - to }, (_, index) => from - index);
  pages.push(page(numbers(60, 40)), page(numbers(40, 15)));
  answer = items();
  expect(rowsIn((await lookUp('press 7')).body)).toEqual(numbers(60, 35));
  expect(queries).toHaveLength(2);
});

test('asks for no more rows than an answer of a function can have', async () => {
  pages.push({
    status: 200,
    body: JSON.stringify({ Items: [{ text: { S: 'x'.repeat(1_000_001) } }], LastEvaluatedKey: { eventKey: { S: '/s|1' } } }),
  });
  answer = items();
  expect(JSON.parse((await lookUp('press 7')).body).rows).toHaveLength(1);
  expect(queries).toHaveLength(1);
});

test('answers with the default rows if nothing is found', async () => {
  answer = items();
  const { statusCode, body } = await lookUp('nobody');
  expect([statusCode, body]).toEqual([200, '{"found":"no","rows":[{"language":"en"}]}']);
});

test.each<[string, Answer]>([
  ['refuses', { status: 400, body: '{"__type":"x#AccessDeniedException","message":"no"}' }],
  ['is gone', { status: 400, body: '{"__type":"x#ResourceNotFoundException","message":"no"}' }],
  ['fails', { status: 500, body: '{}' }],
  ['does not answer', undefined],
])('answers with the default rows and 503 if the table %s', async (_, failing) => {
  answer = failing;
  const { statusCode, body, headers } = await lookUp('press 7');
  expect([statusCode, body, headers?.['retry-after']]).toEqual([503, '{"found":"unknown","rows":[{"language":"en"}]}', '1']);
  expect(JSON.stringify((console.error as jest.Mock).mock.calls)).not.toContain('press 7');
});

test.each([undefined, '', 'ü'.repeat(1025)])('refuses the key %p, and asks the table for nothing', async (key) => {
  expect(await lookUp(key)).toMatchObject({ statusCode: 400, body: '{"message":"key must be a text of 1 to 2048 bytes"}' });
  expect(queries).toEqual([]);
});
