import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Opened, Part } from '../../parts';
import { RefusedError } from '../../platform';
import { commandOf, shownPlace } from '../blob/containers';
import { Azurite } from '../foundation/azurite';
import { written } from '../foundation/write-fate';
import { credentialOf } from '../identity/credential';
import type { Site } from '../site';
import { asRead, rowOf } from './entity-row';
import { TableClient } from './table-client';
import { fault, TableStorage } from './table-storage';
import { readTables } from './tables';

/** Table Storage: azurite, and a proxy in front of it that sees each row that is added. */
export const PART: Part<Site> = {
  overrides: () => ['primary_table_endpoint of an account = the emulated Table Storage, wherever the template uses it'],

  async open(site, around): Promise<Opened> {
    const { terraform, known, tokens, writers } = site;
    const { folder, keep } = around;
    const { accounts, tables } = await readTables(terraform);
    const tls = site.certificateIn(folder);
    const storage = await TableStorage.start(tls);
    keep(() => storage.close());
    for (const [resource, name] of accounts) known.set(`${resource}.primary_table_endpoint`, `${storage.url}${name}/`);
    const home = path.join(folder, 'tables');
    mkdirSync(home, { recursive: true });
    const azurite = new Azurite({ service: 'table', folder: home, accounts: [...accounts.values()], tls: tls.files });
    keep(() => azurite.close());
    return {
      async begin() {
        const command = await commandOf(terraform, 'show_command');
        const shown = shownPlace(command);
        const store = tables.find(({ account, table }) => account === shown.account && table === shown.table);
        if (!store) throw new RefusedError('output.show_command', 'its command has no table of this template');
        const port = await azurite.port;
        const runner = credentialOf((aud) => tokens.issue({ aud, appid: 'the runner' }));
        const client = new TableClient(`https://127.0.0.1:${port}`, runner, tls.cert);
        keep(() => client.close());
        for (const one of tables) await client.create(one);
        storage.open(port, (entity, { table }, pass) => written([rowOf(entity, table)], writers, around, fault, pass));
        const rows = async function* () {
          for await (const entity of client.entities(store)) yield rowOf(entity, store.table);
        };
        return { store: { place: `${storage.url}${store.account}/${store.table}`, rows, uniqueRows: rows, asRead } };
      },
    };
  },
};
