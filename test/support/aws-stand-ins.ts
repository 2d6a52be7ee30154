import { createHash } from 'node:crypto';
import { DataApi } from '../../local/aws/aurora/data-api';
import type { Fault } from './faults';
import { loopback } from './loopback';
import { postgres } from './postgres';

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

/** S3 with one bucket. Objects lie under their path. */
export async function s3() {
  const objects: Record<string, string> = {};
  let fault: Fault = 'none';
  const endpoint = await loopback(({ method, url }, body) => {
    if (fault !== 'before') objects[`${method} ${decodeURIComponent(new URL(url!, 'http://s3').pathname)}`] = body.toString();
    return { status: fault === 'none' ? 200 : 503 };
  });
  const lines = () => Object.values(objects).flatMap((body) => body.split('\n').slice(0, -1));
  return {
    objects,
    lines,
    settings: { BUCKET: 'my-bucket', PREFIX: 'events/' },
    environment: { AWS_ENDPOINT_URL_S3: endpoint },
    set: (next: Fault) => {
      fault = next;
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

/** A store for each list of settings that a handler may need. */
export const STORES: Readonly<Record<string, () => Promise<StoreStandIn>>> = {
  'BUCKET,PREFIX': s3,
  'CLUSTER_ARN,SECRET_ARN,DATABASE,TABLE': aurora,
};

/** A message as a client sends it to SQS. */
export interface SentMessage {
  readonly QueueUrl: string;
  readonly MessageBody: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly DataType: string; readonly StringValue: string }>>;
}

/** The queue of the dead letter. */
export async function deadLetterQueue() {
  const messages: SentMessage[] = [];
  const endpoint = await loopback(({ headers }, body) => {
    if (headers['x-amz-target'] !== 'AmazonSQS.SendMessage') return { status: 400 };
    const message: SentMessage = JSON.parse(body.toString());
    messages.push(message);
    const MD5OfMessageBody = createHash('md5').update(message.MessageBody).digest('hex');
    return {
      status: 200,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify({ MessageId: '1', MD5OfMessageBody }),
    };
  });
  return { messages, url: `${endpoint}/queue`, environment: { AWS_ENDPOINT_URL_SQS: endpoint } };
}
