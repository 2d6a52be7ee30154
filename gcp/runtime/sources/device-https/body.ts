import type { IncomingMessage } from 'node:http';
import { Denied } from './denied';

/**
 * The largest body of a request. It fits into one request to Pub/Sub, also if each number grows by four times (`1e20`), each event has
 * another source, and all of it is base64.
 */
const MAX_BODY_BYTES = 1_000_000;

/**
 * How many bytes a request may take in memory: what it says, or the most that it could have.
 * @throws Denied if it is too large, or compressed
 */
export function lengthOf({ headers }: IncomingMessage): number {
  if (headers['content-encoding'] !== undefined) throw new Denied(415, 'UnsupportedMediaType: the body must not be compressed');
  const length = Number(headers['content-length'] ?? MAX_BODY_BYTES);
  if (length > MAX_BODY_BYTES) throw tooLarge();
  return length;
}

/**
 * The body of a request. The rest of one that is too large is thrown away: a device reads no answer while it sends.
 * @throws Denied if it is larger than it may be
 * @throws Error if the device closes the connection
 */
export function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // It was closed while the token was verified, and tells so only once.
    if (request.destroyed) reject(new Error('the connection was closed'));
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(tooLarge());
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the connection was closed')));
  });
}

function tooLarge(): Denied {
  return new Denied(413, `ContentTooLarge: the body must have ${MAX_BODY_BYTES} bytes at most`);
}
