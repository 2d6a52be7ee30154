import path from 'node:path';
import type { Answer } from '../../loopback';
import type { Around, Opened, Part } from '../../parts';
import type { Letter } from '../../platform';
import { rowsOf } from '../../rows';
import { Azurite } from '../foundation/azurite';
import { disabled, written } from '../foundation/write-fate';
import { type Credential, credentialOf } from '../identity/credential';
import type { Site, Writer } from '../site';
import { BlobStorage, type BlobWrite, type ContainerName, fault, type Gate } from './blob-storage';
import { blobsIn, lettersOf } from './blobs';
import { containerClient } from './container-client';
import { commandOf, readContainers, shownBy, shownPlace } from './containers';

/** Blob Storage: azurite, and a proxy in front of it that sees what is written to the store and to the dead letter. */
export const PART: Part<Site> = {
  overrides: () => [
    'NODE_EXTRA_CA_CERTS = the certificate of the emulated Blob Storage',
    'primary_blob_endpoint of an account = the emulated Blob Storage, wherever the template uses it',
  ],

  async open(site, around): Promise<Opened> {
    const { terraform, known, tokens, writers } = site;
    const { folder, keep } = around;
    const { accounts, containers } = await readContainers(terraform);
    const tls = site.certificateIn(folder);
    const { files } = tls;
    const home = path.join(folder, 'blobs');
    const storage = await BlobStorage.start(home, tls);
    keep(() => storage.close());
    for (const [resource, name] of accounts) {
      known.set(`${resource}.primary_blob_endpoint`, `${storage.url}${name}/`);
      // Nothing here answers the Data Lake API. The address is local, so that no request leaves this machine.
      known.set(`${resource}.primary_dfs_endpoint`, `${storage.url}${name}/`);
    }
    const names = [...accounts.values()];
    const azurite = new Azurite({ folder, accounts: names, tls: files });
    keep(() => azurite.close());

    const runner = credentialOf((aud) => tokens.issue({ aud, appid: 'the runner' }));
    const container = async (account: string, name: string, as: Credential) => {
      const client = containerClient(`https://127.0.0.1:${await azurite.port}/${account}/${name}`, as, tls.cert);
      await client.createIfNotExists();
      return client;
    };
    site.blobs = { accounts: names, certificate: files.cert, container };
    return {
      async begin() {
        // The rows of a table are shown by its part.
        const isTable = shownPlace(await commandOf(terraform, 'show_command')).table !== undefined;
        const store = isTable ? undefined : await shownBy(terraform, 'show_command', containers);
        const deadLetter = await shownBy(terraform, 'dead_letters_command', containers);
        storage.open(await azurite.port, [...(store ? [store] : []), deadLetter], gateOf(store, writers, around));
        await Promise.all(containers.map((one) => container(one.account, one.container, runner)));
        const all = async function* (one: ContainerName) {
          yield* blobsIn(await container(one.account, one.container, runner));
        };
        const rows = async function* (one: ContainerName) {
          for await (const { name, content } of all(one)) yield* rowsOf(content, name);
        };
        const letters = async () => {
          const found: Letter[] = [];
          for await (const { name, content } of all(deadLetter)) found.push(...lettersOf(content, name));
          return found;
        };
        return {
          store: store && { place: path.join(home, store.container), rows: () => rows(store) },
          deadLetter: {
            place: path.join(home, deadLetter.container),
            replay: {
              settings: site.replays,
              get words() {
                const container = `${storage.url}${deadLetter.account}/${deadLetter.container}`;
                return ['azure', '--dead-letter', container, ...(site.door === undefined ? [] : ['--to', site.door])];
              },
            },
            letters,
          },
        };
      },
    };
  },
};

/** Handles each write of a blob to the store or to the dead letter. */
function gateOf(store: ContainerName | undefined, writers: readonly Writer[], around: Around): Gate {
  const { witness, chaos } = around;
  return async ({ account, container, blob, body }: BlobWrite, pass: () => Promise<Answer>) => {
    if (account === store?.account && container === store?.container) return written(rowsOf(body, blob), writers, around, fault, pass);
    if (chaos.letter() === 'refuse') return disabled(fault);
    const answer = await pass();
    if (answer.status === 201) for (const letter of lettersOf(body, blob)) witness.deadLettered(letter);
    return answer;
  };
}
