import { type AttributeValue, DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { setting } from '../../../../shared/runtime/setting';
import { jsonOfAttributes } from '../../dynamodb-json';

/** A person waits. Two tries, each with a response within 400 ms, and an end after 900 ms. */
const CLIENT = { maxAttempts: 2, requestHandler: { connectionTimeout: 300, requestTimeout: 400, throwOnRequestTimeout: true } };
const ANSWER_MS = 900;
const KEY_BYTES = 2048;
/** After this many bytes no more rows are read. A page has at most 1 MB, and the answer of a function 6 MB. */
const MOST_BYTES = 1_000_000;
/** The attributes that the store adds to a row. */
const OWN = ['eventKey', 'rowIndex', 'eventTime', 'expiresAt'];

const client = new DynamoDBClient(CLIENT);
const table = setting('STORE_TABLE');
const index = setting('STORE_INDEX');
const field = setting('STORE_LOOK_UP_BY');
const limit = Number(setting('MAX_ROWS'));
const defaultRows = setting('DEFAULT_ROWS');

/**
 * Answers `GET /rows?key=KEY` with the rows of a key, newest first. `found` is `yes`, `no`, or `unknown` if the table did not answer
 * in time. In the last two cases the rows are the default rows, and the last one has the status 503.
 */
export async function handler({
  queryStringParameters,
}: Pick<APIGatewayProxyEvent, 'queryStringParameters'>): Promise<APIGatewayProxyResult> {
  const key = queryStringParameters?.key ?? '';
  if (key === '' || Buffer.byteLength(key) > KEY_BYTES) return answer(400, `{"message":"key must be a text of 1 to ${KEY_BYTES} bytes"}`);
  try {
    const rows = await rowsOf(key);
    return rows.length > 0 ? answer(200, `{"found":"yes","rows":[${rows}]}`) : answer(200, `{"found":"no","rows":${defaultRows}}`);
  } catch (error) {
    // Neither the key nor a row is logged: both can be data of a person.
    console.error({ message: 'The table did not answer.', error: (error as Error).name });
    return answer(503, `{"found":"unknown","rows":${defaultRows}}`, { 'retry-after': '1' });
  }
}

/** The rows of a key, from as many pages as it takes: DynamoDB counts expired rows in a page, and leaves them out of it. */
async function rowsOf(key: string): Promise<string[]> {
  const abortSignal = AbortSignal.timeout(ANSWER_MS);
  const rows: string[] = [];
  let bytes = 0;
  let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
  do {
    const query = new QueryCommand({
      TableName: table,
      IndexName: index,
      KeyConditionExpression: '#field = :key',
      // DynamoDB deletes expired rows days later.
      FilterExpression: 'attribute_not_exists(expiresAt) OR expiresAt > :now',
      ExpressionAttributeNames: { '#field': field },
      ExpressionAttributeValues: { ':key': { S: key }, ':now': { N: `${Math.floor(Date.now() / 1000)}` } },
      ScanIndexForward: false,
      Limit: limit,
      ExclusiveStartKey,
    });
    const { Items = [], LastEvaluatedKey } = await client.send(query, { abortSignal });
    const found = Items.map((item) => jsonOfAttributes(Object.fromEntries(Object.entries(item).filter(([name]) => !OWN.includes(name)))));
    rows.push(...found);
    bytes += Buffer.byteLength(found.join());
    ExclusiveStartKey = LastEvaluatedKey;
  } while (ExclusiveStartKey && rows.length < limit && bytes < MOST_BYTES);
  return rows.slice(0, limit);
}

function answer(statusCode: number, body: string, headers: Readonly<Record<string, string>> = {}): APIGatewayProxyResult {
  return { statusCode, body, headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers } };
}
