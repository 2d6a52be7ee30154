import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { KinesisStreamBatchResponse } from 'aws-lambda';
import { strFromU8, unzipSync } from 'fflate';
import { AwsPipeline } from '../../../aws/architectures/pipeline';
import { packageHandler } from '../../../shared/synth/handler-package';
import type { Resource } from '../../support/cdk';
import { temporaryFolder } from '../../support/folder';
import { loopback } from '../../support/loopback';

const folder = temporaryFolder();
const files = unzipSync(readFileSync(packageHandler('aws/handlers/kinesis-to-s3').zip));
writeFileSync(path.join(folder, 'index.js'), files['index.js']!);

/** The whole environment of the function: what the template sets, and what Lambda sets. */
const settings = {
  PROCESSOR: 'press',
  STORE_BUCKET: 'my-bucket',
  STORE_PREFIX: 'events/',
  DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1/queue',
};
const lambda = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nothing' };
const sealed = { AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };

/** Calls the bundle in a process of its own, with this environment and no other. */
async function call(env: Readonly<Record<string, string>>, ...records: string[]) {
  const Records = records.map((data, place) => ({
    eventID: `shardId-000000000000:100${place}`,
    eventSourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/events',
    kinesis: { data: Buffer.from(data).toString('base64'), sequenceNumber: `100${place}`, approximateArrivalTimestamp: 1769848200.25 },
  }));
  const script = `require('./index.js').handler(JSON.parse(require('fs').readFileSync(0))).then((answer) => console.log('\\n' + JSON.stringify(answer)))`;
  const child = spawn(process.execPath, ['-e', script], { cwd: folder, env: { ...lambda, ...sealed, ...env } });
  child.stdin.end(JSON.stringify({ Records }));
  const [stdout, stderr] = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => Buffer.concat(await stream.toArray()).toString()),
  );
  return { answer: () => JSON.parse(stdout!.trim().split('\n').at(-1)!) as KinesisStreamBatchResponse, stderr: stderr! };
}

/** Stand-ins for S3 and SQS, with what they were given. */
async function services(status = 200) {
  const objects: Record<string, string> = {};
  const messages: { QueueUrl: string; MessageBody: string }[] = [];
  const s3 = await loopback(({ method, url }, body) => {
    if (status === 200) objects[`${method} ${decodeURIComponent(new URL(url!, 'http://s3').pathname)}`] = body.toString();
    return { status };
  });
  const sqs = await loopback(({ headers }, body) => {
    if (headers['x-amz-target'] !== 'AmazonSQS.SendMessage') return { status: 400 };
    const message = JSON.parse(body.toString());
    messages.push(message);
    const MD5OfMessageBody = createHash('md5').update(message.MessageBody).digest('hex');
    return {
      status: 200,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify({ MessageId: '1', MD5OfMessageBody }),
    };
  });
  return {
    objects,
    messages,
    env: { ...settings, DEAD_LETTER_QUEUE_URL: `${sqs}/queue`, AWS_ENDPOINT_URL_S3: s3, AWS_ENDPOINT_URL_SQS: sqs },
  };
}

const event = (id: string) =>
  JSON.stringify({ specversion: '1.0', id, source: '/test', type: 'test', time: '2026-01-31T08:29:59Z', data: 'ü' });

test('the template gives the function the settings that it reads, and no other', () => {
  const resources: Record<string, Resource> = Template.fromStack(new AwsPipeline(new App(), 'Test')).toJSON().Resources;
  const functions = Object.values(resources).filter(({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.Environment);
  expect(functions.map(({ Properties }) => Object.keys(Properties.Environment.Variables))).toEqual([Object.keys(settings)]);
});

test('objects land below the prefix, and a poison event lands in the queue', async () => {
  const { objects, messages, env } = await services();
  const { answer } = await call(env, event('1'), 'poison', event('2'));
  expect(answer()).toEqual({ batchItemFailures: [] });
  expect(objects).toEqual({
    'PUT /my-bucket/events/year=2026/month=01/day=31/hour=08/shardId-000000000000-1000-1002-press.ndjson': `${event('1')}\n${event('2')}\n`,
  });
  expect(messages).toEqual([{ QueueUrl: env.DEAD_LETTER_QUEUE_URL, MessageBody: expect.stringContaining('"payload":"poison"') }]);
});

test('while the store is down, the batch is reported as failed and nothing goes to the queue', async () => {
  const { messages, env } = await services(503);
  const { answer } = await call(env, event('1'), 'poison');
  expect(answer()).toEqual({ batchItemFailures: [{ itemIdentifier: '1000' }] });
  expect(messages).toEqual([]);
});

test.each(Object.keys(settings))('a function without %s says what to do', async (name) => {
  const { stderr } = await call({ ...settings, [name]: '' }, event('1'));
  expect(stderr).toContain(
    `Error: The setting ${name} is missing. The template that deploys this handler sets it: deploy both from the same commit.\n`,
  );
});

test('the bundle is one file under 1 MB that names no folder of this machine', () => {
  expect(Object.keys(files)).toEqual(['index.js']);
  expect(files['index.js']!.length).toBeLessThan(1_000_000);
  expect(strFromU8(files['index.js']!)).not.toContain(path.join(__dirname, '../../..'));
});
