import path from 'node:path';
import type { Opened, Part } from '../../parts';
import { NotRunHere } from '../../platform';
import { unpack } from '../../unpack';
import { credentialOf } from '../identity/credential';
import { IdentityEndpoint } from '../identity/tokens';
import type { Site } from '../site';
import { readApp, readPackage } from './app-settings';
import { FunctionsHost } from './functions-host';
import { hostConfig, hostCoverage, hostJson } from './host-config';
import { hostStorage, requireHub } from './wiring';

/** The container of the checkpoints of the host. */
const CHECKPOINTS = 'azure-webjobs-eventhub';

/** A function app with an Event Hubs trigger, and the host that runs it. */
export const PART: Part<Site> = {
  overrides: () => ['IDENTITY_ENDPOINT and IDENTITY_HEADER = the emulated identity endpoint'],

  async coverage({ terraform, folder }) {
    const { host, settings } = await readPackage(terraform, folder);
    return hostCoverage(hostJson(host, settings));
  },

  async open(site, { folder, witness, chaos, pace, keep }): Promise<Opened> {
    const { terraform, tokens } = site;
    return {
      async begin() {
        const { hub, blobs } = site;
        if (!hub || !blobs) throw new NotRunHere('azurerm_function_app_flex_consumption', 'an app runs only with a hub and Blob Storage.');
        const { files, host, settings } = await readPackage(terraform, site.folder);
        const app = await readApp(terraform);
        const storage = hostStorage(app, blobs.accounts);
        const identity = await IdentityEndpoint.start(tokens, app.clientIds);
        keep(() => identity.close());
        Object.assign(site.replays, {
          IDENTITY_ENDPOINT: identity.url,
          IDENTITY_HEADER: identity.secret,
          AZURE_CLIENT_ID: app.clientIds[0],
          NODE_EXTRA_CA_CERTS: blobs.certificate,
        });
        const as = (clientId: string) => credentialOf((resource) => identity.tokenOf(clientId, resource));
        const checkpoints = blobs.container(storage.account, CHECKPOINTS, as(storage.clientId));
        // The app loads at the same time, and its failure may come first.
        checkpoints.catch(() => {});
        const started = await FunctionsHost.start({
          folder: unpack(files, path.join(folder, 'app'), 'the package'),
          env: {
            FUNCTIONS_WORKER_RUNTIME: 'node',
            WEBSITE_SITE_NAME: app.name,
            ...app.settings,
            IDENTITY_ENDPOINT: identity.url,
            IDENTITY_HEADER: identity.secret,
            NODE_EXTRA_CA_CERTS: blobs.certificate,
          },
          memoryMiB: app.memoryMiB,
          config: hostConfig(hostJson(host, settings)),
          hubPort: hub.port,
          checkpoints,
          readerOf: (trigger) => {
            requireHub(trigger, hub, app.clientIds);
            return as(trigger.clientId);
          },
          witness,
          chaos,
          pace,
        });
        keep(() => started.close());
        site.readers.push(started);
        site.writers.push(started);
        return {};
      },
    };
  },
};
