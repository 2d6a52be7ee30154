import { createHash } from 'node:crypto';
import type { ContainerClient } from '@azure/storage-blob';
import { bytesOf, type DeadLetter, type Letter, type Parcel, partitionKeyOf, readWritten, type Written } from './letter';
import type { Outputs } from './outputs';
import { post } from './post';

const HUB_SCOPE = 'https://eventhubs.azure.net/.default';

/** Whoever acts: a credential of `@azure/identity`. */
export interface Credential {
  getToken(scopes: string | string[]): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** Where the dead letter is, and where events are sent. */
export function azurePlaces(outputs: Outputs): { readonly deadLetters: readonly string[]; readonly to?: string } {
  const command = outputs.dead_letters_command ?? '';
  const [, account] = /--account-name (\S+)/.exec(command) ?? [];
  const [, container] = /--container-name (\S+)/.exec(command) ?? [];
  const isNamed = account !== undefined && container !== undefined;
  return { deadLetters: isNamed ? [`https://${account}.blob.core.windows.net/${container}`] : [], to: outputs.events_url };
}

/** The official clients, with whoever is signed in. */
export function signedIn() {
  const { ContainerClient: Client }: typeof import('@azure/storage-blob') = require('@azure/storage-blob');
  const { DefaultAzureCredential }: typeof import('@azure/identity') = require('@azure/identity');
  const credential: Credential = new DefaultAzureCredential();
  return { credential, container: (url: string): ContainerClient => new Client(url, credential) };
}

/**
 * A container with a letter in each line of its blobs.
 * @param to the address of a hub, `https://NAMESPACE/HUB/messages`; without it each letter goes to the hub that it came from
 */
export function azureDeadLetter(container: ContainerClient, credential: Credential, to?: string): DeadLetter {
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
        // A batch that is still tried may write its blob again: only the one that was read is deleted.
        yield { letters, remove: () => blob.delete({ conditions: { ifMatch: etag } }) } satisfies Parcel;
      }
    },
    release: async () => {},
  };

  function letterOf(line: string, place: string, givenUp: Date): Letter {
    const written = readWritten(line);
    const hub = to ?? hubOf(written);
    return {
      id: written ? idOf(written) : place,
      reason: written?.reason ?? 'nobody said why',
      givenUp,
      to: hub ?? 'nowhere',
      send: async () => {
        if (!written) throw new Error('it is no letter of a handler');
        if (written.payload === '') throw new Error('nobody knows what it held: the host left its content out');
        if (!hub) throw new Error('it does not say which hub it came from. Say so with --to.');
        await send(hub, bytesOf(written));
      },
    };
  }

  /** @see https://learn.microsoft.com/rest/api/eventhub/send-event */
  async function send(hub: string, bytes: Buffer) {
    const { partitionkey } = partitionKeyOf(bytes);
    const token = await credential.getToken(HUB_SCOPE);
    await post(
      hub,
      {
        authorization: `Bearer ${token?.token}`,
        'content-type': 'application/json',
        ...(partitionkey !== undefined && { brokerproperties: JSON.stringify({ PartitionKey: partitionkey }).replace(NOT_ASCII, escaped) }),
      },
      bytes,
    );
  }
}

/** A header holds ASCII alone. */
const NOT_ASCII = /[^ -~]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Where the event stood. Where nobody knows that for each of a batch, what it holds tells them apart. */
function idOf({ position, payload }: Written): string {
  const { namespace, hub, partition, sequenceNumber, lastSequenceNumber } = position;
  const place = [namespace, hub, partition, sequenceNumber].map((part) => part ?? '').join('/');
  const isOne = sequenceNumber !== undefined && lastSequenceNumber === undefined;
  return isOne ? place : `${place}/${createHash('sha256').update(payload).digest('hex')}`;
}

function hubOf(written?: Written): string | undefined {
  const { namespace, hub } = written?.position ?? {};
  return namespace && hub ? `https://${namespace}/${hub}/messages` : undefined;
}
