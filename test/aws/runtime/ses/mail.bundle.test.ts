import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { packageCode } from '../../../../shared/synth/handler-package';
import { temporaryFolder } from '../../../support/folder';
import { callOnLambda } from '../../../support/handler-processes';
import { loopback } from '../../../support/loopback';
import { calledWith, mailOf, messageOf } from './mails';

const files = unzipSync(readFileSync(packageCode('aws/runtime/ses/mail').zip));
const folder = temporaryFolder();
writeFileSync(path.join(folder, 'index.js'), files['index.js']!);

const settings = { DOMAIN: 'example.com', STORE_BUCKET: 'my-bucket', STORE_PREFIX: 'mail/' };
const objects: Readonly<Record<string, Buffer>> = {
  '/my-bucket/mail/0a1b': mailOf('encoded-words'),
  '/my-bucket/mail/2c3d': mailOf('plain'),
  // It nests deeper than a parser takes.
  '/my-bucket/mail/deep': Buffer.from(
    `Subject: deep\r\n${Array.from({ length: 300 }, (_, depth) => `Content-Type: multipart/mixed; boundary=b${depth}-\r\n\r\n--b${depth}-\r\n`).join('')}\r\nx`,
  ),
};

let endpoints: Record<string, string>;
const reads: string[] = [];
const put: { readonly target: string; readonly body: any }[] = [];
let isDown = false;
let queueUrl: string;
let kinesis: Http2Server;

beforeAll(async () => {
  const s3 = await loopback(({ method, url }) => {
    const { pathname } = new URL(url!, 'http://s3');
    reads.push(`${method} ${pathname}`);
    const body = objects[pathname];
    return body ? { status: 200, body: body as unknown as string } : { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' };
  });
  const taken = (target: unknown, body: Buffer) => {
    const request = JSON.parse(body.toString());
    put.push({ target: String(target), body: request });
    const MD5OfMessageBody = createHash('md5')
      .update(request.MessageBody ?? '')
      .digest('hex');
    return JSON.stringify({ MessageId: '1', MD5OfMessageBody, SequenceNumber: '1', ShardId: 'shardId-000000000000' });
  };
  const buffer = await loopback(({ headers }, body) =>
    isDown
      ? { status: 503 }
      : { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: taken(headers['x-amz-target'], body) },
  );
  // The client of Kinesis speaks HTTP/2 alone.
  kinesis = createServer().on('stream', (stream, headers) => {
    const answered = stream.toArray().then((chunks) => taken(headers['x-amz-target'], Buffer.concat(chunks)));
    void answered.then((answer) => {
      stream.respond({ ':status': 200, 'content-type': 'application/x-amz-json-1.1' });
      stream.end(answer);
    });
  });
  await new Promise<void>((resolve) => kinesis.listen(0, '127.0.0.1', resolve));
  queueUrl = `${buffer}/queue`;
  endpoints = {
    AWS_ENDPOINT_URL_S3: s3,
    AWS_ENDPOINT_URL_SQS: buffer,
    AWS_ENDPOINT_URL_KINESIS: `http://127.0.0.1:${(kinesis.address() as AddressInfo).port}`,
  };
});
afterAll(() => {
  kinesis.close();
});
beforeEach(() => {
  reads.splice(0);
  put.splice(0);
  isDown = false;
});

const call = (Records: readonly object[], more: Readonly<Record<string, string>> = { SINK_QUEUE_URL: queueUrl }) =>
  callOnLambda(folder, { ...endpoints, ...settings, ...more }, Records);
const direct = (id: string) => calledWith(messageOf(id)).Records;
const events = () => put.map(({ body }) => JSON.parse(body.MessageBody ?? Buffer.from(body.Data, 'base64').toString()));

test('a mail is read from the store, and its event is sent to the queue', async () => {
  const { stderr } = await call(direct('0a1b'));
  expect(stderr).not.toContain('Error');
  expect(reads).toEqual(['GET /my-bucket/mail/0a1b']);
  expect(put).toEqual([{ target: 'AmazonSQS.SendMessage', body: expect.objectContaining({ QueueUrl: queueUrl }) }]);
  const bytes = mailOf('encoded-words').length;
  expect(events()).toEqual([
    expect.objectContaining({
      id: '0a1b',
      subject: 'mail/0a1b',
      data: expect.objectContaining({ object: { bucket: 'my-bucket', key: 'mail/0a1b', bytes } }),
    }),
  ]);
});

test('or put into the stream, with its id as the partition key', async () => {
  await call(direct('2c3d'), { SINK_STREAM: 'my-stream' });
  expect(put).toEqual([
    { target: 'Kinesis_20131202.PutRecord', body: expect.objectContaining({ StreamName: 'my-stream', PartitionKey: '2c3d' }) },
  ]);
  expect(events()).toEqual([expect.objectContaining({ id: '2c3d' })]);
});

test('a failed call that comes back from the queue of retries makes the same event', async () => {
  await call(direct('2c3d'));
  await call([{ messageId: '1', eventSource: 'aws:sqs', body: JSON.stringify(calledWith(messageOf('2c3d'))) }]);
  const [first, again] = events();
  expect(again).toEqual(first);
});

test('a mail that cannot be parsed makes an event too', async () => {
  const { stderr } = await call(direct('deep'));
  expect(stderr).not.toContain('Error');
  expect(events()).toEqual([expect.objectContaining({ data: expect.objectContaining({ fault: expect.stringMatching(/nesting/i) }) })]);
});

test('while the buffer is down, the call fails, so that it is retried', async () => {
  isDown = true;
  const { stderr } = await call(direct('2c3d'));
  expect(stderr).toContain('UnknownError');
  expect(put).toEqual([]);
});

test('a mail that is not in the store fails the call, and makes no event', async () => {
  const { stderr } = await call(direct('gone'));
  expect(stderr).toContain('NoSuchKey');
  expect(put).toEqual([]);
});

test.each(Object.keys(settings))('without %s it throws an error with the remedy', async (name) => {
  const { stderr } = await call([], { SINK_QUEUE_URL: queueUrl, [name]: '' });
  expect(stderr).toContain(`Error: The setting ${name} is missing.`);
});

test('without a buffer it throws an error with the remedy', async () => {
  const { stderr } = await call([], {});
  expect(stderr).toContain('Error: The setting SINK_QUEUE_URL or SINK_STREAM is missing.');
});

test('the bundle is one file under 1 MB that names no folder of this machine', () => {
  expect(Object.keys(files)).toEqual(['index.js']);
  expect(files['index.js']!.length).toBeLessThan(1_000_000);
  expect(strFromU8(files['index.js']!)).not.toContain(path.join(__dirname, '../../../..'));
});
