import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The largest line that is read, in bytes. A function has the memory for it. */
export const LONGEST_LINE = 8 * 1024 * 1024;

/** One line that is not blank, with its number, counted from 1. What cannot be read has a fault instead of bytes. */
export type Line = { readonly number: number } & ({ readonly bytes: Buffer } | { readonly fault: string });

const [GZIP, NEWLINE] = [Buffer.from([0x1f, 0x8b]), 0x0a];

/**
 * The lines of an object, while it is read: neither the object nor its compressed bytes are ever whole in memory. Whether it is
 * compressed with gzip is read from its first two bytes, whatever its name says. If the compressed bytes are damaged, the last
 * line is a fault.
 * @throws Error if the stream breaks off
 */
export async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let number = 1;
  let parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer) => {
    length += part.length;
    if (length <= LONGEST_LINE) parts.push(part);
    else parts = [];
  };
  const end = (): Line | undefined => {
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    const isLong = length > LONGEST_LINE;
    [parts, length] = [[], 0];
    if (isLong) return { number, fault: `the line has more than ${LONGEST_LINE} bytes` };
    return isBlank(bytes) ? undefined : { number, bytes };
  };

  try {
    for await (const chunk of await plain(stream)) {
      let from = 0;
      for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
        add(chunk.subarray(from, to));
        const line = end();
        if (line) yield line;
        number++;
        from = to + 1;
      }
      if (from < chunk.length) add(chunk.subarray(from));
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    yield { number, fault: `the gzip stream of the object is damaged: ${error.message}` };
    return;
  }
  const last = end();
  if (last) yield last;
}

/** The stream without its compression, if it has one. */
async function plain(stream: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Buffer>> {
  const chunks = stream[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < GZIP.length) {
    const { value, done } = await chunks.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  const whole = withHead(head, chunks);
  if (!head.subarray(0, GZIP.length).equals(GZIP)) return whole;
  // An error of either stream ends the reading, so there is nothing to do in the callback.
  return pipeline(Readable.from(whole, { objectMode: false }), createGunzip(), () => {});
}

/** The stream again, from its start. When it is no longer read, it is closed. */
async function* withHead(head: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      yield Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
  } finally {
    await rest.return?.();
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** Whether it is an error of zlib, and not of the connection. */
function isDamage(error: unknown): error is Error {
  return error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith('Z_');
}
