import { eventByHand } from '../../by-hand';
import type { Opened, Part } from '../../parts';
import { credentialOf } from '../identity/credential';
import type { Site } from '../site';
import { Door, Sends } from './door';
import { EventHubs } from './event-hubs';
import { readHub } from './hub-settings';

/** The maximum size of an event in the Standard tier: https://learn.microsoft.com/azure/event-hub/event-hubs-quotas */
const MAX_BYTES = 1024 * 1024;
const AUDIENCE = 'https://eventhubs.azure.net';

/** A hub, and the official client that sends to it. */
export const PART: Part<Site> = {
  async open(site, { folder, witness, keep }): Promise<Opened> {
    const { terraform, tokens, readers } = site;
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
    site.hub = { ...settings, port: hub.port };
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
