import { ApiGateway } from '../../../aws/api-gateway/api-gateway';
import { nameApi, readApi } from '../../../aws/api-gateway/api-gateway-settings';
import { KinesisStream } from '../../../aws/kinesis/kinesis';
import { readStream } from '../../../aws/kinesis/part';
import type { Integration } from '../../../aws/site';
import { Poster } from '../../../http';
import { readAssembly } from '../../../template/assembly';
import { Stack } from '../../../template/stack';
import { temporaryFolder } from '../../folder';
import { synthesized } from '../../support';

const poster = new Poster();
const accepted: string[] = [];
let stream: KinesisStream;
let api: ApiGateway;

beforeAll(async () => {
  const { stackName, template } = readAssembly(synthesized('aws'));
  const stack = new Stack(stackName, template);
  nameApi(stack);
  stream = await KinesisStream.start(readStream(stack), temporaryFolder());
  const kinesis: Integration = {
    target: /^action\/PutRecord$/,
    host: stream.host,
    headers: () => ({ 'x-amz-target': 'Kinesis_20131202.PutRecord' }),
    accepted: (answer) => {
      accepted.push(JSON.parse(answer).SequenceNumber);
      return accepted.at(-1)!;
    },
  };
  api = await ApiGateway.start(readApi(stack, new Map([['kinesis', kinesis]])));
});
afterAll(async () => {
  poster.close();
  await api.stop();
  await stream.stop();
});
beforeEach(() => {
  accepted.length = 0;
});

const event = (more: object = {}) =>
  JSON.stringify({ specversion: '1.0', id: 'e1', source: '/test', type: 'test', time: '2026-01-31T08:30:00Z', ...more });
async function post(body: string, contentType = 'application/json', url = api.url) {
  const reply = await poster.post(url, contentType === '' ? {} : { 'content-type': contentType }, body);
  return { status: reply.status, answer: JSON.parse(reply.body.toString()) };
}
async function everything() {
  const shards = await stream.shards();
  return (await Promise.all(shards.map((shard) => stream.read(shard, undefined, 1000)))).flat();
}

test('the URL is that of the stage', () => expect(api.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/prod\/events$/));

test.each(['application/json', 'application/cloudevents+json', 'application/json; charset=utf-8', ''])(
  'an event as "%s" is in the stream with every byte and every digit, under its id',
  async (contentType) => {
    const body = event({ id: `as ${contentType}`, data: 'ü' }).replace('"ü"', '{"n":12345678901234567890.10, "s":"ü\\u0000"}');
    const { status, answer } = await post(body, contentType);
    const found = (await everything()).find(({ sequenceNumber }) => sequenceNumber === answer.SequenceNumber);
    expect([status, found?.data.toString(), found?.partitionKey]).toEqual([202, body, `as ${contentType}`]);
    expect(accepted).toEqual([answer.SequenceNumber]);
  },
);

test('an event with a partition key is in the stream with this key', async () => {
  const { answer } = await post(event({ partitionkey: 'press "7"' }));
  const found = (await everything()).find(({ sequenceNumber }) => sequenceNumber === answer.SequenceNumber);
  expect(found?.partitionKey).toBe('press "7"');
});

test.each<[string, string, string]>([
  ['no JSON', '{', '[the body is not JSON]'],
  ['nothing', '', '[the body is not JSON]'],
  ['a list', '[]', '[body must be object]'],
  ['an event without an id', event({ id: undefined }), '[object has missing required properties (["id"])]'],
  ['an event with an empty id', event({ id: '' }), '[/id must NOT have fewer than 1 characters]'],
  ['an event of another version', event({ specversion: '0.3' }), '[/specversion must be equal to one of the allowed values: 1.0]'],
  ['an event of no time', event({ time: '2026' }), expect.stringMatching(/^\[\/time must match pattern "/) as unknown as string],
  ['an extension that is no plain value', event({ trace: {} }), '[/trace must be string,boolean,integer,null]'],
  ['an extension beyond 32 bits', event({ trace: 2 ** 31 }), '[/trace must be <= 2147483647]'],
])('%s is answered with 400 and the reason', async (_, body, reason) => {
  expect(await post(body)).toEqual({ status: 400, answer: { message: 'Invalid request body', reason } });
  expect(accepted).toEqual([]);
});

test.each<[number, string, string, { body?: string; contentType?: string; path?: string }]>([
  [415, 'a body of another type', 'Unsupported Media Type', { contentType: 'text/plain' }],
  [403, 'another path', 'Missing Authentication Token', { path: '/other' }],
  [403, 'a path beside the stage', 'Missing Authentication Token', { path: '/events' }],
  [413, 'an event over 1 MiB', 'The event was not accepted.', { body: event({ data: 'x'.repeat(1024 * 1024) }) }],
  [413, 'more than a call of Kinesis takes', 'The event was not accepted.', { body: event({ data: 'x'.repeat(8 * 1024 * 1024) }) }],
  [413, 'more than API Gateway takes', 'Request Too Long', { body: event({ data: 'x'.repeat(10 * 1024 * 1024) }) }],
])('%i for %s', async (status, _, message, { body = event(), contentType, path = '/prod/events' }) => {
  expect(await post(body, contentType, new URL(path, api.url).href)).toMatchObject({ status, answer: { message } });
  expect(accepted).toEqual([]);
});

test('only the method of the template exists', async () => {
  const { status } = await fetch(api.url);
  expect(status).toBe(403);
});
