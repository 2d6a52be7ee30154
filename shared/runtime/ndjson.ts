import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { hourFolder } from './objects';
import type { Lot } from './sink';

/** How much text is put together at once. A text can hold half a gigabyte, and the rows of a lot more than that. */
const PIECE_CHARACTERS = 1024 * 1024;

/**
 * The type of an object of rows. It has no `Content-Encoding`: query engines unpack what ends in `.gz`, and fail where a
 * store or a client has unpacked it on the way: GoogleCloudDataproc/hadoop-connectors#1060.
 */
export const OBJECT_TYPE = 'application/gzip';

/** The name of an object of rows, in the folder of the hour in which their records arrived. */
export function objectName(arrived: Date, name: string): string {
  return `${hourFolder(arrived)}/${name}.ndjson.gz`;
}

/** The rows of a lot as an object: a line of JSON for each, compressed with gzip. */
export async function objectOf({ made }: Lot<string>): Promise<Buffer<ArrayBuffer>> {
  const gzip = createGzip();
  const [chunks] = await Promise.all([gzip.toArray(), pipeline(piecesOf(made), gzip)]);
  return Buffer.concat(chunks);
}

/** The lines of an object, some at a time. */
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
