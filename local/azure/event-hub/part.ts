import { eventByHand } from '../../by-hand';
import type { Opened, Part } from '../../parts';
import { hostConfig } from '../functions/host-config';
import { credentialOf } from '../identity/credential';
import type { Site } from '../site';
import { Door, Sends } from './door';
import { EventHubs } from './event-hubs';
import { HubHost } from './hub-host';
import { readHub } from './hub-settings';
import { requireHub } from './wiring';

/** The maximum size of an event in the Standard tier: https://learn.microsoft.com/azure/event-hub/event-hubs-quotas */
const MAX_BYTES = 1024 * 1024;
/** The container of the checkpoints of the host. */
const CHECKPOINTS = 'azure-webjobs-eventhub';
const AUDIENCE = 'https://eventhubs.azure.net';

/** A hub, the official client that sends to it, and the host that reads it. */
export const PART: Part<Site> = {
  async open(site, { folder, witness, keep }): Promise<Opened> {
    const { terraform, tokens } = site;
    const readers: HubHost[] = [];
    const settings = await readHub(terraform);
    const sends = new Sends();
    const hub = await EventHubs.start({
      ...settings,
      folder,
      maxBytes: MAX_BYTES,
      mayEnter: (token) => tokens.read(token)?.aud.startsWith(AUDIENCE) ?? false,
      appended: (partition, { sequenceNumber }, messageId) => sends.arrived(messageId, `${partition}/${sequenceNumber}`),
    });
    keep(() => hub.close());
    site.sources.push(async ({ tree, storage, as, clientIds, ...setup }) => {
      const checkpoints = site.blobs!.container(storage.account, CHECKPOINTS, as(storage.clientId));
      // The app loads at the same time, and its failure may come first.
      checkpoints.catch(() => {});
      const host = await HubHost.start({
        ...setup,
        config: hostConfig(tree),
        hubPort: hub.port,
        checkpoints,
        readerOf: (trigger) => {
          requireHub(trigger, settings, clientIds);
          return as(trigger.clientId);
        },
      });
      readers.push(host);
      return host;
    });
    return {
      async begin() {
        const sender = credentialOf((aud) => tokens.issue({ aud, appid: 'a sender' }));
        const door = await Door.open({ ...settings, port: hub.port }, sender, sends, (body) => witness.arrived(body));
        keep(() => door.close());
        site.door = door.url;
        const doneWith = (partition: string) => (readers.length === 0 ? 0 : Math.min(...readers.map((one) => one.doneWith(partition))));
        return {
          door: { command: `curl -i -d '${eventByHand()}' ${door.url}`, send: (body) => door.send(body) },
          unsettled: () => hub.partitions.reduce((sum, { id, events }) => sum + events.length - doneWith(id), 0),
        };
      },
    };
  },
};
