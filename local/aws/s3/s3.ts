import { createHash, randomUUID } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import type { WriteFate } from '../../chaos';
import { type Answer, type Loopback, serve } from '../../loopback';
import { objectOf, S3Error } from './s3-body';

/** Called for writes: they decide whether a write succeeds, and observe what was stored. */
export interface S3Callbacks {
  /** Called before an object is written, to decide the result. `accessKeyId` is that of the writer. */
  fate(object: S3Object, accessKeyId: string): WriteFate;
  /** Called after an object was stored. */
  stored(object: S3Object): void;
  /** Called to end or pause the process of the writer. */
  strike(fate: 'kill before' | 'kill after' | 'stall', accessKeyId: string): void;
}

export interface S3Object {
  readonly bucket: string;
  readonly key: string;
  readonly content: Buffer;
}

const XML = '<?xml version="1.0" encoding="UTF-8"?>';
const LONGEST_KEY = 1024;

/** S3 with buckets as folders and objects as files: PUT, GET, DELETE and list, with path-style URLs. */
export class S3 {
  private server!: Loopback;

  private constructor(
    private readonly folder: string,
    private readonly buckets: ReadonlySet<string>,
    private readonly callbacks: S3Callbacks,
  ) {}

  static async start(folder: string, buckets: readonly string[], callbacks: S3Callbacks): Promise<S3> {
    for (const bucket of buckets) await mkdir(path.join(folder, bucket), { recursive: true });
    const s3 = new S3(folder, new Set(buckets), callbacks);
    s3.server = await serve((request, body) => s3.answer(request, body));
    return s3;
  }

  get endpoint(): string {
    return `http://${this.server.host}`;
  }

  /** All objects of some buckets, in the order of bucket and key. Reads one at a time. */
  async *objects(buckets: Iterable<string> = this.buckets): AsyncGenerator<S3Object> {
    for (const bucket of buckets) {
      for (const key of await this.keys(bucket)) yield { bucket, key, content: await readFile(this.fileOf(bucket, key)) };
    }
  }

  async stop(): Promise<void> {
    await this.server.close();
  }

  private async answer(request: IncomingMessage, body: Buffer): Promise<Answer> {
    const answered = this.route(request, body).catch((error: unknown): Answer => {
      if (!(error instanceof S3Error)) throw error;
      return xml(error.status, `<Error><Code>${error.code}</Code><Message>${escaped(error.message)}</Message></Error>`);
    });
    const { headers, ...answer } = await answered;
    return { ...answer, headers: { 'x-amz-request-id': randomUUID(), ...headers } };
  }

  private async route({ method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    // The path is not parsed as a URL, which would resolve the dots in it.
    const [pathname = '', query] = (url ?? '').split('?');
    const searchParams = new URLSearchParams(query);
    const [, bucket = '', ...segments] = pathname.split('/').map(decodeURIComponent);
    const key = segments.join('/');
    if (!this.buckets.has(bucket)) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist');
    if (method === 'GET' && key === '' && searchParams.get('list-type') === '2') return this.list(bucket, searchParams);
    searchParams.delete('x-id');
    const unknown = [...searchParams.keys(), ...['if-match', 'range', 'x-amz-copy-source'].filter((name) => name in headers)];
    if (key === '' || unknown.length > 0 || !['PUT', 'GET', 'DELETE'].includes(method!)) {
      throw new S3Error(501, 'NotImplemented', `${method} ${url} ${unknown.join(' ')} is not emulated.`);
    }
    if (method === 'GET') return this.get(bucket, key);
    if (method === 'DELETE') return this.delete(bucket, key);
    const onlyNew = headers['if-none-match'];
    if (onlyNew !== undefined && onlyNew !== '*') throw new S3Error(501, 'NotImplemented', 'If-None-Match is emulated only with *.');
    return this.put({ bucket, key, content: objectOf(body, headers) }, accessKeyOf(headers.authorization), onlyNew === '*');
  }

  /** Put an object for an emulated service. */
  async write(object: S3Object): Promise<void> {
    const file = this.fileOf(object.bucket, object.key);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, object.content);
    this.callbacks.stored(object);
  }

  private async delete(bucket: string, key: string): Promise<Answer> {
    await rm(this.fileOf(bucket, key), { force: true });
    return { status: 204 };
  }

  private async put(object: S3Object, accessKeyId: string, onlyNew: boolean): Promise<Answer> {
    if (Buffer.byteLength(object.key) > LONGEST_KEY) throw new S3Error(400, 'KeyTooLongError', 'Your key is too long');
    const file = this.fileOf(object.bucket, object.key);
    const fate = this.callbacks.fate(object, accessKeyId);
    if (fate === 'refuse') throw new S3Error(503, 'ServiceUnavailable', 'Service is not available. Please retry.');
    const isThere = onlyNew && (await exists(file));
    if (isThere && fate === 'take')
      throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
    if (!isThere && (fate === 'take' || fate === 'kill after')) await this.write(object);
    if (fate !== 'take') {
      this.callbacks.strike(fate, accessKeyId);
      // The writer has ended, or is paused.
      return new Promise(() => {});
    }
    return { status: 200, headers: { etag: etagOf(object.content) } };
  }

  private async get(bucket: string, key: string): Promise<Answer> {
    const content = await readFile(this.fileOf(bucket, key)).catch(() => undefined);
    if (!content) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.');
    return { status: 200, headers: { etag: etagOf(content), 'content-length': String(content.length) }, body: content };
  }

  private async list(bucket: string, query: URLSearchParams): Promise<Answer> {
    const known = ['list-type', 'prefix', 'max-keys', 'continuation-token', 'encoding-type'];
    const unknown = [...query.keys()].find((name) => !known.includes(name));
    if (unknown) throw new S3Error(501, 'NotImplemented', `${unknown} is not emulated.`);
    const [prefix, after] = [query.get('prefix') ?? '', query.get('continuation-token') ?? ''];
    const left = (await this.keys(bucket)).filter((key) => key.startsWith(prefix) && key > after);
    const page = left.slice(0, Math.min(Number(query.get('max-keys') ?? 1000), 1000));
    const truncated = page.length < left.length;
    const contents = await Promise.all(
      page.map(
        async (key) => `<Contents><Key>${escaped(key)}</Key><Size>${(await readFile(this.fileOf(bucket, key))).length}</Size></Contents>`,
      ),
    );
    const next = truncated ? `<NextContinuationToken>${escaped(page.at(-1)!)}</NextContinuationToken>` : '';
    return xml(
      200,
      `<ListBucketResult><Name>${bucket}</Name><Prefix>${escaped(prefix)}</Prefix><KeyCount>${page.length}</KeyCount>` +
        `<IsTruncated>${truncated}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
    );
  }

  private async keys(bucket: string): Promise<string[]> {
    const root = path.join(this.folder, bucket);
    const entries: Dirent[] = await readdir(root, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
    return files.map((file) => file.split(path.sep).join('/')).sort();
  }

  /** Keys that are not a file path are not emulated. */
  private fileOf(bucket: string, key: string): string {
    const odd = key.split('/').some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'));
    if (odd) throw new S3Error(501, 'NotImplemented', 'A key that is not a file path is not emulated.');
    return path.join(this.folder, bucket, ...key.split('/'));
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function accessKeyOf(authorization = ''): string {
  return /Credential=([^/]+)\//.exec(authorization)?.[1] ?? '';
}

function etagOf(content: Buffer): string {
  return `"${createHash('md5').update(content).digest('hex')}"`;
}

function xml(status: number, text: string): Answer {
  return { status, headers: { 'content-type': 'application/xml' }, body: `${XML}${text}` };
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
