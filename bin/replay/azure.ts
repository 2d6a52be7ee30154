import { createHash } from 'node:crypto';
import type { ContainerClient } from '@azure/storage-blob';
import { bufferOf, postingTo } from './azure-buffer';
import { bytesOf, type DeadLetter, type Letter, type Parcel, type Places, readWritten, type Written } from './letter';
import type { Outputs } from './outputs';
import { post } from './post';

/** A credential of `@azure/identity`. */
export interface Credential {
  getToken(scopes: string | string[]): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** The dead-letter container in the outputs of a stack, and the buffer for events whose source is unknown. */
export function azurePlaces(outputs: Outputs): Places {
  const command = outputs.dead_letters_command ?? '';
  const [, account] = /--account-name (\S+)/.exec(command) ?? [];
  const [, container] = /--container-name (\S+)/.exec(command) ?? [];
  const isNamed = account !== undefined && container !== undefined;
  return { deadLetters: isNamed ? [`https://${account}.blob.core.windows.net/${container}`] : [], otherwise: outputs.events_url };
}

/** The official clients, with the credentials of the signed-in user. */
export function signedIn() {
  const { ContainerClient: Client }: typeof import('@azure/storage-blob') = require('@azure/storage-blob');
  const { DefaultAzureCredential }: typeof import('@azure/identity') = require('@azure/identity');
  const credential: Credential = new DefaultAzureCredential();
  return { credential, container: (url: string): ContainerClient => new Client(url, credential) };
}

/**
 * A dead-letter container. Each line of its blobs is one dead letter.
 * @param to the address of a hub or a queue, such as `https://NAMESPACE/HUB/messages`; by default each dead letter is sent to where it
 * came from. Several buffers of a platform may share a container
 */
export function azureDeadLetter(
  container: ContainerClient,
  credential: Credential,
  { to, otherwise }: Pick<Places, 'to' | 'otherwise'> = {},
): DeadLetter {
  return {
    name: container.url,
    async *parcels() {
      for await (const { name } of container.listBlobsFlat()) {
        if (!/\.(nd)?json$/.test(name)) continue;
        const blob = container.getBlobClient(name);
        const { etag, lastModified } = await blob.getProperties();
        const lines = (await blob.downloadToBuffer()).toString().split('\n');
        const letters = lines.flatMap((line, index) =>
          line === '' ? [] : [letterOf(line, `${name}#${index}`, lastModified ?? new Date(0))],
        );
        // A batch that is still retried may overwrite its blob: only the version that was read is deleted.
        yield { letters, remove: () => blob.delete({ conditions: { ifMatch: etag } }) } satisfies Parcel;
      }
    },
    release: async () => {},
  };

  function letterOf(line: string, place: string, givenUp: Date): Letter {
    const written = readWritten(line);
    const buffer = to ?? (written && bufferOf(written)) ?? otherwise;
    const id = written ? idOf(written) : place;
    return {
      id,
      reason: written?.reason ?? 'no reason given',
      givenUp,
      to: buffer ?? 'nowhere',
      send: async () => {
        if (!written) throw new Error('it was not written by a handler');
        if (written.payload === '') throw new Error('it has no content: the Functions host did not include it');
        if (!buffer) throw new Error('its hub or queue is unknown. Set the target with --to.');
        const { scope, headers, body } = postingTo(buffer, id, bytesOf(written));
        const token = await credential.getToken(scope);
        await post(buffer, { authorization: `Bearer ${token?.token}`, ...headers }, body);
      },
    };
  }
}

/** The position of the event. If only the position of its batch is known, the hash of the payload is added. */
function idOf({ position, payload }: Written): string {
  const { namespace, account, hub, queue, partition, sequenceNumber, lastSequenceNumber, messageId, line } = position;
  const one = sequenceNumber ?? messageId;
  // Lines of one object have the position of its message.
  const place = [namespace ?? account, hub ?? queue, partition, one, ...(line === undefined ? [] : [line])]
    .map((part) => part ?? '')
    .join('/');
  const isOne = one !== undefined && lastSequenceNumber === undefined;
  return isOne ? place : `${place}/${createHash('sha256').update(payload).digest('hex')}`;
}
