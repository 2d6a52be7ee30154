import type { ContainerClient } from '@azure/storage-blob';
import type { Letter } from '../../platform';
import { textOf } from '../../rows';

/** How many blobs are read at the same time. */
const CONCURRENCY = 8;

/** Each blob in a container. Only a few are in memory at the same time. */
export async function* blobsIn(container: ContainerClient): AsyncGenerator<{ readonly name: string; readonly content: Buffer }> {
  const read = async (name: string) => ({ name, content: await container.getBlobClient(name).downloadToBuffer() });
  const reading: ReturnType<typeof read>[] = [];
  for await (const { name } of container.listBlobsFlat()) {
    reading.push(read(name));
    if (reading.length >= CONCURRENCY) yield await reading.shift()!;
  }
  for (const one of reading) yield await one;
}

/** The dead letters in a blob: one in each line. */
export function lettersOf(content: Buffer, place: string): Letter[] {
  const lines = textOf(content, place).split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const { payload, encoding, reason } = JSON.parse(line) as Record<string, string>;
      return { bytes: Buffer.from(payload!, encoding === 'base64' ? 'base64' : 'utf8'), reason: reason!, place };
    });
}
