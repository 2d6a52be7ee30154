import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';

/** An error of S3, with the code that clients get. */
export class S3Error extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const CHECKSUM = 'x-amz-checksum-';

const CHECKSUMS: Readonly<Record<string, (body: Buffer) => string>> = {
  crc32: (body) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return sum.toString('base64');
  },
  sha1: (body) => createHash('sha1').update(body).digest('base64'),
  sha256: (body) => createHash('sha256').update(body).digest('base64'),
};

/**
 * The object in the body of a PutObject, without its chunks, and compared with every checksum of the request.
 * @throws S3Error if a checksum differs, or has an algorithm that is not emulated
 */
export function objectOf(body: Buffer, headers: IncomingHttpHeaders): Buffer {
  const chunked =
    String(headers['content-encoding'] ?? '').includes('aws-chunked') || String(headers['x-amz-content-sha256']).startsWith('STREAMING-');
  const { content, trailers } = chunked ? unchunked(body) : { content: body, trailers: {} };
  const sent = { ...headers, ...trailers };

  const length = headers['x-amz-decoded-content-length'];
  if (length !== undefined && Number(length) !== content.length)
    throw new S3Error(400, 'IncompleteBody', 'The body does not have the declared length.');
  for (const [name, value] of Object.entries(sent)) {
    if (!name.startsWith(CHECKSUM) || ['algorithm', 'type', 'mode'].includes(name.slice(CHECKSUM.length))) continue;
    const compute = CHECKSUMS[name.slice(CHECKSUM.length)];
    if (!compute) throw new S3Error(501, 'NotImplemented', `${name} is not emulated.`);
    if (compute(content) !== value) throw new S3Error(400, 'BadDigest', `The ${name} you specified did not match the calculated checksum.`);
  }
  const md5 = headers['content-md5'];
  if (md5 !== undefined && createHash('md5').update(content).digest('base64') !== md5) {
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  const sha256 = String(headers['x-amz-content-sha256'] ?? '');
  if (/^[0-9a-f]{64}$/.test(sha256) && createHash('sha256').update(content).digest('hex') !== sha256) {
    throw new S3Error(400, 'XAmzContentSHA256Mismatch', 'The provided x-amz-content-sha256 header does not match what was computed.');
  }
  return content;
}

/**
 * Decode a chunked body: each chunk starts with a line with its length in hexadecimal, and trailers follow the last one.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
function unchunked(body: Buffer): { content: Buffer; trailers: Record<string, string> } {
  const chunks: Buffer[] = [];
  let place = 0;
  const line = () => {
    const end = body.indexOf('\r\n', place);
    if (end < 0) throw new S3Error(400, 'IncompleteBody', 'The body ends within a chunk.');
    const text = body.toString('latin1', place, end);
    place = end + 2;
    return text;
  };
  for (;;) {
    const size = Number.parseInt(line(), 16);
    if (!(size >= 0)) throw new S3Error(400, 'InvalidRequest', 'The body is not chunked, although its headers declare it.');
    if (size === 0) break;
    chunks.push(body.subarray(place, place + size));
    place += size;
    if (line() !== '') throw new S3Error(400, 'IncompleteBody', 'A chunk is longer than declared.');
  }
  const trailers: Record<string, string> = {};
  while (place < body.length) {
    const text = line();
    const colon = text.indexOf(':');
    if (colon > 0) trailers[text.slice(0, colon).toLowerCase()] = text.slice(colon + 1).trim();
  }
  return { content: Buffer.concat(chunks), trailers };
}
