import type { ContainerClient } from '@azure/storage-blob';
import type { Letter } from '../../platform';
import { textOf } from '../../rows';

/** Blobs that are read at a time. */
const READERS = 8;

/** Each blob in a container, as a reader finds it. No more than a few are held at a time. */
export async function* blobsIn(container: ContainerClient): AsyncGenerator<{ readonly name: string; readonly content: Buffer }> {
  const read = async (name: string) => ({ name, content: await container.getBlobClient(name).downloadToBuffer() });
  const reading: ReturnType<typeof read>[] = [];
  for await (const { name } of container.listBlobsFlat()) {
    reading.push(read(name));
    if (reading.length >= READERS) yield await reading.shift()!;
  }
  for (const one of reading) yield await one;
}

/** What is in a blob of the dead letter: a letter in each line. */
export function lettersOf(content: Buffer, place: string): Letter[] {
  const lines = textOf(content, place).split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const { payload, encoding, reason } = JSON.parse(line) as Record<string, string>;
      return { bytes: Buffer.from(payload!, encoding === 'base64' ? 'base64' : 'utf8'), reason: reason!, place };
    });
}
