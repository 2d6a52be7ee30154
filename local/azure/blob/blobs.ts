import type { ContainerClient } from '@azure/storage-blob';
import type { Letter } from '../../platform';

/** Blobs that are read at a time. */
const READERS = 8;

/** Each blob in a container, as a reader finds it. */
export async function blobsIn(container: ContainerClient): Promise<{ readonly name: string; readonly text: string }[]> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat()) names.push(name);
  const texts = new Map<string, string>();
  const queue = names.values();
  const reader = async () => {
    for (const name of queue) texts.set(name, (await container.getBlobClient(name).downloadToBuffer()).toString());
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  return names.map((name) => ({ name, text: texts.get(name)! }));
}

/** What is in a blob of the dead letter: a letter in each line. */
export function lettersIn(text: string, place: string): Letter[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const { payload, encoding, reason } = JSON.parse(line) as Record<string, string>;
    return { bytes: Buffer.from(payload!, encoding === 'base64' ? 'base64' : 'utf8'), reason: reason!, place };
  });
}
