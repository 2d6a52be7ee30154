import path from 'node:path';
import type { Opened, Part } from '../../parts';
import { NotRunHere } from '../../platform';
import { unpack } from '../../unpack';
import { credentialOf } from '../identity/credential';
import { IdentityEndpoint } from '../identity/tokens';
import type { Site } from '../site';
import { readApp, readPackage } from './app-settings';
import { hostCoverage, hostJson } from './host-config';
import { hostStorage } from './wiring';

/** A function app, and the host that runs it. The service that has its events knows how the host reads them. */
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
        const { blobs } = site;
        const [source, ...others] = site.sources;
        if (!source || others.length > 0 || !blobs)
          throw new NotRunHere('azurerm_function_app_flex_consumption', 'an app runs only with one hub or queue, and with Blob Storage.');
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
        const started = await source({
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
          tree: hostJson(host, settings),
          clientIds: app.clientIds,
          storage,
          as: (clientId) => credentialOf((resource) => identity.tokenOf(clientId, resource)),
          witness,
          chaos,
          pace,
        });
        keep(() => started.close());
        site.writers.push(started);
        return {};
      },
    };
  },
};
