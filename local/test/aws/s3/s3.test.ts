import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { S3 } from '../../../aws/s3/s3';
import type { WriteFate } from '../../../chaos';
import { all } from '../../all';
import { temporaryFolder } from '../../folder';

const folder = temporaryFolder();
const heard: string[] = [];
let fate: WriteFate = 'take';
let s3: S3;
let client: S3Client;

beforeAll(async () => {
  s3 = await S3.start(folder, ['lake'], {
    fate: (_, accessKeyId) => {
      heard.push(`asked by ${accessKeyId}`);
      return fate;
    },
    stored: ({ key }) => heard.push(`stored ${key}`),
    strike: (struck) => {
      heard.push(struck);
      client.destroy();
    },
  });
  client = clientOf();
});
afterAll(async () => {
  client.destroy();
  await s3.stop();
});
beforeEach(() => {
  heard.length = 0;
  fate = 'take';
});

function clientOf() {
  return new S3Client({
    region: 'eu-west-1',
    endpoint: s3.endpoint,
    maxAttempts: 1,
    credentials: { accessKeyId: 'KEY', secretAccessKey: 'secret' },
  });
}

const put = (input: Omit<PutObjectCommandInput, 'Bucket'>) => client.send(new PutObjectCommand({ Bucket: 'lake', ...input }));
const get = async (Key: string) => (await client.send(new GetObjectCommand({ Bucket: 'lake', Key }))).Body!.transformToString();

test('an object is returned as it was put, and has a file', async () => {
  await put({ Key: 'year=2026/a b+ü.ndjson', Body: 'ü\n', ContentType: 'application/x-ndjson' });
  expect(await get('year=2026/a b+ü.ndjson')).toBe('ü\n');
  expect(readFileSync(path.join(folder, 'lake/year=2026/a b+ü.ndjson'), 'utf8')).toBe('ü\n');
  expect(heard).toEqual(['asked by KEY', 'stored year=2026/a b+ü.ndjson']);
});

test('a chunked body is decoded', async () => {
  const text = 'line\n'.repeat(50_000);
  const file = path.join(temporaryFolder(), 'lines');
  writeFileSync(file, text);
  await put({ Key: 'stream', Body: createReadStream(file) });
  expect(await get('stream')).toBe(text);
});

test('the same key again replaces the object', async () => {
  await put({ Key: 'again', Body: '1' });
  await put({ Key: 'again', Body: '2' });
  expect(await get('again')).toBe('2');
  expect((await all(s3.objects())).filter(({ key }) => key === 'again')).toHaveLength(1);
});

test('objects are listed below a prefix, page by page', async () => {
  for (const name of ['b', 'a', 'c&d']) await put({ Key: `list/${name}`, Body: name });
  const page = (ContinuationToken?: string) =>
    client.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: 'list/', MaxKeys: 2, ContinuationToken }));
  const first = await page();
  const second = await page(first.NextContinuationToken);
  expect([...first.Contents!, ...second.Contents!].map(({ Key }) => Key)).toEqual(['list/a', 'list/b', 'list/c&d']);
  expect([first.IsTruncated, second.IsTruncated]).toEqual([true, false]);
});

test('an object with If-None-Match is written once, and not replaced', async () => {
  await put({ Key: 'new', Body: '1', IfNoneMatch: '*' });
  await expect(put({ Key: 'new', Body: '2', IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
  expect(await get('new')).toBe('1');
  await client.send(new DeleteObjectCommand({ Bucket: 'lake', Key: 'new' }));
  await expect(get('new')).rejects.toMatchObject({ name: 'NoSuchKey' });
  heard.length = 0;
});

test.each<[string, () => Promise<unknown>, string]>([
  ['a bucket that does not exist', () => client.send(new PutObjectCommand({ Bucket: 'other', Key: 'a', Body: 'a' })), 'NoSuchBucket'],
  ['an object that does not exist', () => get('nobody'), 'NoSuchKey'],
  ['a checksum of other bytes', () => put({ Key: 'bad', Body: 'a', ChecksumCRC32: 'AAAAAA==' }), 'BadDigest'],
  ['an MD5 of other bytes', () => put({ Key: 'bad', Body: 'a', ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }), 'BadDigest'],
  ['a condition, which is not emulated', () => put({ Key: 'bad', Body: 'a', IfMatch: '*' }), 'NotImplemented'],
  ['a key that leads out of the bucket', () => put({ Key: 'a/../../b', Body: 'a' }), 'NotImplemented'],
])('refuses %s, as the client knows it', async (_, act, name) => {
  await expect(act()).rejects.toMatchObject({ name });
  expect(heard).toEqual([]);
});

test('a store that is down stores nothing', async () => {
  fate = 'refuse';
  await expect(put({ Key: 'down', Body: 'a' })).rejects.toMatchObject({ name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503 } });
  await expect(get('down')).rejects.toMatchObject({ name: 'NoSuchKey' });
});

test.each([
  ['kill before', false],
  ['kill after', true],
  ['stall', false],
] as const)('whoever writes while the fate is to %s gets no answer', async (struck, written) => {
  fate = struck;
  await expect(put({ Key: struck, Body: 'a' })).rejects.toThrow();
  client = clientOf();
  expect((await all(s3.objects())).some(({ key }) => key === struck)).toBe(written);
  expect(heard.at(-1)).toBe(struck);
});
