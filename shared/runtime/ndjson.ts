import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { hourFolder } from './objects';
import type { Lot } from './sink';

/** The size of a piece of text that is compressed at once. A string can hold about half a gigabyte, and the rows of a lot can be larger. */
const PIECE_CHARACTERS = 1024 * 1024;

/**
 * The content type of an object of rows. `Content-Encoding` is not set: query engines decompress objects that end in `.gz`, and
 * fail if the store or a client has already decompressed them (GoogleCloudDataproc/hadoop-connectors#1060).
 */
export const OBJECT_TYPE = 'application/gzip';

/** The name of an object of rows, in the folder of the hour in which their records arrived. */
export function objectName(arrived: Date, name: string): string {
  return `${hourFolder(arrived)}/${name}.ndjson.gz`;
}

/** The rows of a lot as an object: one line of JSON for each row, compressed with gzip. */
export async function objectOf({ made }: Lot<string>): Promise<Buffer<ArrayBuffer>> {
  const gzip = createGzip();
  const [chunks] = await Promise.all([gzip.toArray(), pipeline(piecesOf(made), gzip)]);
  return Buffer.concat(chunks);
}

/** The lines of an object, several at a time. */
export function* piecesOf(made: Lot<string>['made']): Generator<string> {
  let piece = '';
  for (const { stored } of made) {
    piece += `${stored}\n`;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
