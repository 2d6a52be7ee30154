import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Answer, type Loopback, serve } from '../../loopback';

/** An object of a bucket. */
export interface StoredObject {
  readonly body: Buffer;
  readonly contentType: string;
}

/** An object with its place. */
export interface NamedObject extends StoredObject {
  readonly bucket: string;
  readonly name: string;
}

/** What Cloud Storage tells of an object, in the form of its JSON API. */
export interface ObjectResource {
  readonly name: string;
  readonly bucket: string;
  /** It differs for each time that the object is written. */
  readonly generation: string;
  readonly timeCreated: string;
  readonly [field: string]: string;
}

/** The result of an upload: it is stored, it is stored but the answer is lost, there is no answer, or it fails. */
export type Fate = 'stores' | 'stores and breaks' | 'hangs' | { readonly code: number; readonly message: string };

/** An upload, by one of the two simple methods of the JSON API. */
interface Upload extends NamedObject {
  /** The precondition: with 0, no object of this name may exist. */
  readonly ifGenerationMatch?: string;
}

const UPLOAD = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/;
const NAME_BYTES = 1024;
const DELETE = 'storage.objects.delete';
/** The answer to a writer who may add objects, but not replace them. */
const MAY_NOT_REPLACE = {
  code: 403,
  message: `The caller does not have ${DELETE} access to the Google Cloud Storage object. Permission '${DELETE}' denied on resource (or it may not exist).`,
};

/**
 * An emulator of Cloud Storage for writers: uploads with the JSON API, with their precondition. Clients find it by `STORAGE_EMULATOR_HOST`.
 * @see https://cloud.google.com/storage/docs/json_api/v1/objects/insert
 */
export class CloudStorageStandIn {
  /** Every object, by its bucket and its name: `bucket/folder/name`. */
  readonly objects = new Map<string, StoredObject>();
  /** How many uploads were received. */
  uploads = 0;
  /** Decides the result of each upload that could be stored. */
  fate: (name: string, object: NamedObject) => Fate | Promise<Fate> = () => 'stores';
  /** Called with each object that is stored. It returns what is kept of it in memory. */
  stored: (object: NamedObject) => StoredObject = (object) => object;
  /** Called for each object that was written, after it is stored. */
  created: (object: ObjectResource) => void = () => {};
  /** Whether the writer may replace objects too. */
  mayReplace = false;
  /** Such as `127.0.0.1:8080`. */
  address = '';

  private server?: Loopback;
  private generation = 0n;

  /** @param buckets the names of the existing buckets */
  constructor(private readonly buckets: readonly string[]) {}

  async start(): Promise<this> {
    this.server = await serve((request, body) => this.answer(request, body));
    this.address = this.server.host;
    return this;
  }

  async stop() {
    await this.server?.close();
  }

  /**
   * Store an object for an emulated service, which makes names that nobody has.
   * @returns what the answer tells of it, or undefined if the bucket does not exist
   */
  write(object: NamedObject): ObjectResource | undefined {
    if (!this.buckets.includes(object.bucket)) return undefined;
    const resource = resourceOf(object, this.nextGeneration());
    this.objects.set(keyOf(object), this.stored(object));
    this.created(resource);
    return resource;
  }

  /** The time in microseconds, as Cloud Storage does it, and another one for each object. */
  private nextGeneration(): bigint {
    const now = BigInt(Date.now()) * 1000n;
    this.generation = now > this.generation ? now : this.generation + 1n;
    return this.generation;
  }

  private async answer(request: IncomingMessage, body: Buffer): Promise<Answer> {
    const upload = readUpload(request, body);
    if (!upload) return failed(404, 'Not Found');
    this.uploads += 1;
    const fault = this.faultOf(upload);
    if (fault) return failed(fault.code, fault.message);
    const fate = await this.fate(upload.name, upload);
    if (typeof fate === 'object') return failed(fate.code, fate.message);
    const written = fate === 'hangs' ? undefined : this.write(upload);
    if (fate === 'stores') return json(200, written!);
    if (fate === 'stores and breaks') request.socket.destroy();
    return new Promise(() => {});
  }

  private faultOf(upload: Upload): { readonly code: number; readonly message: string } | undefined {
    const { bucket, name, ifGenerationMatch } = upload;
    if (!this.buckets.includes(bucket)) return { code: 404, message: 'The specified bucket does not exist.' };
    if (!name || Buffer.byteLength(name) > NAME_BYTES || /[\r\n]/.test(name)) return { code: 400, message: 'Invalid object name.' };
    const exists = this.objects.has(keyOf(upload));
    if (ifGenerationMatch === undefined) return exists && !this.mayReplace ? MAY_NOT_REPLACE : undefined;
    if (ifGenerationMatch === '0' && !exists) return undefined;
    return { code: 412, message: 'At least one of the pre-conditions you specified did not hold.' };
  }
}

function keyOf({ bucket, name }: NamedObject): string {
  return `${bucket}/${name}`;
}

function readUpload({ method, url, headers }: IncomingMessage, body: Buffer): Upload | undefined {
  const { pathname, searchParams } = new URL(url!, 'http://storage');
  const [, bucket] = UPLOAD.exec(pathname) ?? [];
  if (method !== 'POST' || !bucket) return undefined;
  const [name, ifGenerationMatch] = [searchParams.get('name') ?? '', searchParams.get('ifGenerationMatch') ?? undefined];
  const contentType = headers['content-type'] ?? 'application/octet-stream';
  switch (searchParams.get('uploadType')) {
    case 'media':
      return { bucket, name, ifGenerationMatch, contentType, body };
    case 'multipart':
      return { bucket, name, ifGenerationMatch, ...readParts(body, contentType) };
    default:
      return undefined;
  }
}

/** Two parts: the metadata of the object as JSON, and its bytes. */
function readParts(body: Buffer, contentType: string): StoredObject {
  const [, boundary] = /boundary="?([^";]+)/.exec(contentType) ?? [];
  const starts: number[] = [];
  for (let at = body.indexOf(`--${boundary}`); at >= 0; at = body.indexOf(`--${boundary}`, at + 1)) starts.push(at);
  const [metadata, bytes] = [0, 1].map((part) => {
    const content = body.subarray(body.indexOf('\r\n\r\n', starts[part]) + 4, starts[part + 1]);
    // The line break before a boundary belongs to the boundary.
    return content.subarray(0, content.length - 2);
  });
  return { contentType: String(JSON.parse(metadata!.toString()).contentType), body: bytes! };
}

/** @see https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
function resourceOf({ bucket, name, contentType, body }: NamedObject, generation: bigint): ObjectResource {
  const time = new Date(Number(generation / 1000n)).toISOString();
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation: String(generation),
    metageneration: '1',
    contentType,
    timeCreated: time,
    updated: time,
    storageClass: 'STANDARD',
    size: String(body.length),
    md5Hash: createHash('md5').update(body).digest('base64'),
  };
}

function failed(code: number, message: string): Answer {
  return json(code, { error: { code, message, errors: [{ message }] } });
}

function json(status: number, content: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(content) };
}
