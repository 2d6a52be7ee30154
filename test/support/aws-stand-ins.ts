import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { crc32, gunzipSync } from 'node:zlib';
import { DataApi } from '../../local/aws/aurora/data-api';
import type { Fault } from './faults';
import { loopback } from './loopback';
import { postgres } from './postgres';
import { ARRIVAL } from './settling';

/** What every client of AWS needs to start, and where it must not look. */
export const CLIENT_ENVIRONMENT = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'nobody',
  AWS_SECRET_ACCESS_KEY: 'nothing',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

/** A store on this machine. */
export interface StoreStandIn {
  /** Its settings, by their ends. */
  readonly settings: Readonly<Record<string, string>>;
  /** Where its client finds it. */
  readonly environment: Readonly<Record<string, string>>;
  /** How every call goes from here on. */
  set(fault: Fault): void;
  /** The ids of the events that it holds. */
  ids(): Promise<string[]>;
}

/** S3 with one bucket. Objects lie under their path, as whoever unpacks them reads them. Beside them lie objects to read, as bytes. */
export async function s3() {
  const objects: Record<string, string> = {};
  const sources = new Map<string, Uint8Array>();
  let fault: Fault = 'none';
  let left = 0;
  const writes: Record<string, unknown>[] = [];
  const endpoint = await loopback(({ method, url, headers }, body) => {
    const now = left-- > 0 ? fault : 'none';
    const { pathname, searchParams } = new URL(url!, 'http://s3');
    const name = `${method} ${decodeURIComponent(pathname)}`;
    if (method === 'GET') return read(name, searchParams.get('versionId') ?? '', now);
    writes.push(headers);
    const isThere = headers['if-none-match'] === '*' && name in objects;
    if (now !== 'before' && !isThere) objects[name] = gunzipSync(body).toString();
    if (now !== 'none') return { status: 503 };
    return isThere ? { status: 412, body: '<Error><Code>PreconditionFailed</Code></Error>' } : { status: 200 };
  });
  /** Only the versions that are there, byte by byte as they are. */
  function read(name: string, version: string, now: Fault) {
    if (now !== 'none') return { status: 503 };
    const content = sources.get(`${name} ${version}`);
    if (!content) return { status: 404, body: `<Error><Code>${version ? 'NoSuchVersion' : 'NoSuchKey'}</Code></Error>` };
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(content));
    const said = { etag: '"tag"', 'last-modified': ARRIVAL.toUTCString(), 'x-amz-checksum-crc32': sum.toString('base64') };
    return { status: 200, headers: { ...said, ...(version && { 'x-amz-version-id': version }) }, body: content };
  }
  const lines = () => Object.values(objects).flatMap((body) => body.split('\n').slice(0, -1));
  return {
    objects,
    /** Put an object of a bucket there, to be read. */
    put: (bucket: string, key: string, content: Uint8Array, version = '') => {
      sources.set(`GET /${bucket}/${key} ${version}`, content);
    },
    /** The headers of each write. */
    writes,
    lines,
    settings: { BUCKET: 'my-bucket', PREFIX: 'events/' },
    environment: { AWS_ENDPOINT_URL_S3: endpoint },
    /** How so many calls go from here on. */
    set: (next: Fault, calls = Number.POSITIVE_INFINITY) => {
      [fault, left] = [next, calls];
    },
    ids: async () =>
      lines()
        .map((line): string => JSON.parse(line).id)
        .sort(),
  } satisfies StoreStandIn & Record<string, unknown>;
}

const apis: DataApi[] = [];

/** Aurora with one table, behind the Data API. */
export async function aurora() {
  const database = postgres();
  let fault: Fault = 'none';
  let left = 0;
  const statements: string[] = [];
  const api = await DataApi.start({
    async query(sql, parameters) {
      const now = left-- > 0 ? 'none' : fault;
      if (now === 'before') throw new Error('the service is down');
      statements.push(String(parameters[0]));
      const result = await database.query(sql, parameters);
      if (now === 'after') throw new Error('the answer got lost');
      return result;
    },
  });
  apis.push(api);
  return {
    statements,
    asOwner: database.asOwner,
    settings: {
      CLUSTER_ARN: 'arn:aws:rds:eu-west-1:123456789012:cluster:events',
      SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:writer',
      DATABASE: 'events',
      TABLE: 'events',
    },
    environment: { AWS_ENDPOINT_URL_RDS_DATA: api.endpoint },
    /** How every call goes from here on, but for this many that go well first. */
    set: (next: Fault, after = 0) => {
      [fault, left] = [next, after];
    },
    ids: async () => (await database.asOwner('SELECT event_id FROM events ORDER BY event_id')).map(({ event_id }) => String(event_id)),
  } satisfies StoreStandIn & Record<string, unknown>;
}

afterAll(async () => {
  for (const api of apis) await api.stop();
});

/** An item, as the client sends it. */
export type StandInItem = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

/** DynamoDB with one table, which takes an item only if its key is not there. What it refuses beside that is for the local run to try. */
export async function dynamodb() {
  const items = new Map<string, StandInItem>();
  let fault: Fault = 'none';
  let left = 0;
  const refuse = (code: string, message = '') => ({
    status: 400,
    body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message }),
  });
  let refuses: (item: StandInItem) => readonly [code: string, message: string] | undefined = () => undefined;
  const endpoint = await loopback(({ headers }, body) => {
    const { TableName, Item, ConditionExpression }: { TableName: string; Item: StandInItem; ConditionExpression: string } = JSON.parse(
      body.toString(),
    );
    const isKnown = headers['x-amz-target'] === 'DynamoDB_20120810.PutItem' && TableName === 'rows';
    if (!isKnown || ConditionExpression !== 'attribute_not_exists(eventKey)') return refuse('ValidationException', 'it is not known here');
    const now = left-- > 0 ? fault : 'none';
    const key = `${Item.eventKey?.S}#${Item.rowIndex?.N}`;
    const refused = refuses(Item);
    if (refused) return refuse(...refused);
    const isThere = items.has(key);
    if (now !== 'before' && !isThere) items.set(key, Item);
    if (now !== 'none') return { status: 503 };
    return isThere ? refuse('ConditionalCheckFailedException', 'The conditional request failed') : { status: 200, body: '{}' };
  });
  return {
    items,
    settings: { TABLE: 'rows', LOOK_UP_BY: 'subject', RETENTION_SECONDS: '3600' },
    environment: { AWS_ENDPOINT_URL_DYNAMODB: endpoint },
    /** How so many calls go from here on. */
    set: (next: Fault, calls = Number.POSITIVE_INFINITY) => {
      [fault, left] = [next, calls];
    },
    /** Which items are never taken, with the error. */
    refuse: (which: typeof refuses) => {
      refuses = which;
    },
    ids: async () => [...items.values()].map(({ eventKey }) => String(eventKey?.S).split('|')[1]!).sort(),
  } satisfies StoreStandIn & Record<string, unknown>;
}

/** What the container of a model answers. */
export interface ModelAnswer {
  readonly status: number;
  readonly body: string | Buffer;
}

/** An endpoint of SageMaker, and the container behind it. */
export async function sagemaker() {
  const asked: { readonly headers: Record<string, unknown>; readonly row: string }[] = [];
  let fault: Fault = 'none';
  let model: (row: string) => ModelAnswer = () => ({ status: 200, body: '{"score": 0.5}' });
  let [running, most] = [0, 0];
  const error = (status: number, name: string, body: object) => ({
    status,
    headers: { 'x-amzn-errortype': `${name}:http://internal.amazon.com/coral/`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const endpoint = await loopback(async ({ method, url, headers }, body) => {
    if (`${method} ${url}` !== 'POST /endpoints/predictions/invocations') {
      return error(400, 'ValidationError', { Message: 'Endpoint of account 123456789012 not found.' });
    }
    most = Math.max(most, ++running);
    await setImmediate();
    running--;
    if (fault === 'before') return { status: 503 };
    asked.push({ headers, row: body.toString() });
    if (fault === 'after') return { status: 503 };
    const { status, body: answer } = model(body.toString());
    if (status === 200) return { status, headers: { 'content-type': 'application/json' }, body: answer };
    const Message = `Received client error (${status}) from primary with message "${answer}". See the log.`;
    return error(424, 'ModelError', { Message, OriginalStatusCode: status, OriginalMessage: String(answer), LogStreamArn: 'arn:aws:logs' });
  });
  return {
    /** Each request that reached the model. */
    asked,
    /** The highest number of requests at the same time. */
    most: () => most,
    settings: { ENDPOINT: 'predictions' },
    environment: { AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: endpoint },
    /** How every call goes from here on. */
    set: (next: Fault) => {
      fault = next;
    },
    /** What the model does from here on. */
    predict: (next: typeof model) => {
      model = next;
    },
  };
}

/** S3, and an endpoint that is asked about each row before. */
async function predicted(): Promise<StoreStandIn> {
  const [store, endpoint] = [await s3(), await sagemaker()];
  return {
    settings: { ...store.settings, ...endpoint.settings },
    environment: { ...store.environment, ...endpoint.environment },
    set: (fault) => endpoint.set(fault),
    ids: async () => {
      const rows = store.lines().map((line): { id: string; prediction: unknown } => JSON.parse(line));
      return rows.map(({ id, prediction }) => (prediction === undefined ? `${id} without a prediction` : id)).sort();
    },
  };
}

/** A store for each list of settings that a handler may need. */
export const STORES: Readonly<Record<string, () => Promise<StoreStandIn>>> = {
  'BUCKET,PREFIX': s3,
  'BUCKET,PREFIX,ENDPOINT': predicted,
  'CLUSTER_ARN,SECRET_ARN,DATABASE,TABLE': aurora,
  'TABLE,LOOK_UP_BY,RETENTION_SECONDS': dynamodb,
};

/** A message as a client sends it to SQS, and in which call. */
export interface SentMessage {
  readonly Id: string;
  readonly call: number;
  readonly MessageBody: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly DataType: string; readonly StringValue: string }>>;
}

/** What SQS takes: of messages, of bytes in one and in one call, of characters. */
const [MESSAGES, BYTES, CHARACTERS] = [10, 256 * 1024, /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u];

/**
 * The queue of the dead letter, which takes nothing over its limits.
 * @param refuses which messages of a call are not taken, beside others that are
 */
export async function deadLetterQueue(refuses: (message: SentMessage) => boolean = () => false) {
  const messages: SentMessage[] = [];
  let call = 0;
  const endpoint = await loopback(({ headers }, body) => {
    const { QueueUrl, Entries }: { QueueUrl: string; Entries: Omit<SentMessage, 'call'>[] } = JSON.parse(body.toString());
    const bytes = Entries.map(({ MessageBody, MessageAttributes = {} }) =>
      Object.entries(MessageAttributes).reduce(
        (sum, [name, { StringValue }]) => sum + `${name}String${StringValue}`.length,
        Buffer.byteLength(MessageBody),
      ),
    ).reduce((sum, one) => sum + one, 0);
    const fits = Entries.length <= MESSAGES && bytes <= BYTES && new Set(Entries.map(({ Id }) => Id)).size === Entries.length;
    const isKnown = headers['x-amz-target'] === 'AmazonSQS.SendMessageBatch' && QueueUrl === `${endpoint}/queue`;
    if (!isKnown || !fits || !Entries.every(({ MessageBody }) => CHARACTERS.test(MessageBody))) return { status: 400 };
    call++;
    const taken = Entries.map((entry): SentMessage => ({ ...entry, call })).filter((message) => !refuses(message));
    messages.push(...taken);
    const answer = {
      Successful: taken.map(({ Id, MessageBody }) => ({
        Id,
        MessageId: Id,
        MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
      })),
      Failed: Entries.filter(({ Id }) => !taken.some((message) => message.Id === Id)).map(({ Id }) => ({
        Id,
        Code: 'InternalError',
        SenderFault: false,
        Message: 'try again',
      })),
    };
    return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(answer) };
  });
  return { messages, url: `${endpoint}/queue`, environment: { AWS_ENDPOINT_URL_SQS: endpoint } };
}
