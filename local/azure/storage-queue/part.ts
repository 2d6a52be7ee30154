import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { eventByHand } from '../../by-hand';
import { serve } from '../../loopback';
import type { Opened, Part } from '../../parts';
import { type Receipt, RefusedError } from '../../platform';
import { Azurite } from '../foundation/azurite';
import { functionTimeout } from '../functions/host-config';
import { type Credential, credentialOf } from '../identity/credential';
import type { Site } from '../site';
import { contentOf, messageOf, QueueClient, Refused } from './queue-client';
import { QueueHost, queueConfig } from './queue-host';
import { readQueues } from './queues';

/** The maximum size of a message: https://learn.microsoft.com/azure/storage/queues/scalability-targets */
const MAX_BYTES = 64 * 1024;

/** Queues of storage accounts: azurite, a door in front of the queue for events, and the host that reads it. */
export const PART: Part<Site> = {
  overrides: () => ['primary_queue_endpoint of an account = the emulated queue service, wherever the template uses it'],

  async open(site, { folder, witness, keep }): Promise<Opened> {
    const { terraform, known, tokens } = site;
    const { accounts, queues, door } = await readQueues(terraform);
    const tls = site.certificateIn(folder);
    const home = path.join(folder, 'queues');
    mkdirSync(home, { recursive: true });
    const azurite = new Azurite({ service: 'queue', folder: home, accounts: [...accounts.values()], tls: tls.files });
    keep(() => azurite.close());
    const url = `https://127.0.0.1:${await azurite.port}`;
    for (const [resource, name] of accounts) known.set(`${resource}.primary_queue_endpoint`, `${url}/${name}/`);
    const client = (account: string, queue: string, as: Credential) => new QueueClient(`${url}/${account}/${queue}`, as, tls.cert);
    const runner = credentialOf((aud) => tokens.issue({ aud, appid: 'the runner' }));
    for (const { account, queue } of queues) await client(account, queue, runner).create();

    const [sent, done] = [new Set<string>(), new Set<string>()];
    site.sources.push(({ tree, as, clientIds, storage: _, ...setup }) =>
      QueueHost.start({
        ...setup,
        functionTimeout: functionTimeout(tree),
        config: queueConfig(tree),
        done: (id) => done.add(id),
        queuesOf: ({ uri, queue, clientId }) => {
          const refuse = (what: string, why: string) => new RefusedError(`the trigger, ${what}`, why);
          if (uri !== `${url}/${door.account}/`) throw refuse('address', `${uri} is not the queue service of ${door.account}`);
          if (queue !== door.queue) throw refuse('queue', `${queue} is not ${door.queue}, the queue of this template`);
          if (!clientIds.includes(clientId)) throw refuse('identity', `the app has no identity with the client id ${clientId}`);
          return { queue: client(door.account, queue, as(clientId)), poison: client(door.account, `${queue}-poison`, as(clientId)) };
        },
      }),
    );
    const sender = client(
      door.account,
      door.queue,
      credentialOf((aud) => tokens.issue({ aud, appid: 'a sender' })),
    );
    keep(() => sender.close());
    const forward = async (xml: Buffer): Promise<Receipt> => {
      const text = contentOf(xml.toString(), 'MessageText');
      if (text === undefined) return { accepted: false, reason: 'The body is no QueueMessage.' };
      if (Buffer.byteLength(text) > MAX_BYTES) return { accepted: false, reason: `Larger than ${MAX_BYTES} bytes, the limit of a queue.` };
      try {
        const position = await sender.send(xml);
        sent.add(position);
        return { accepted: true, position };
      } catch (error) {
        if (error instanceof Refused) return { accepted: false, reason: error.message };
        throw error;
      }
    };
    return {
      async begin() {
        const server = await serve(async ({ method, url: asked = '/' }, body) => {
          const { pathname } = new URL(asked, 'http://door');
          if (pathname !== `/${door.queue}/messages`) return { status: 404, body: `Events are sent to /${door.queue}/messages.\n` };
          if (method !== 'POST') return { status: 405, body: 'Events are sent with POST.\n' };
          const text = contentOf(body.toString(), 'MessageText');
          const reportReceipt = text === undefined ? undefined : witness.arrived(Buffer.from(text));
          const receipt = await forward(body);
          reportReceipt?.(receipt);
          return receipt.accepted ? { status: 201 } : { status: 400, body: `${receipt.reason}\n` };
        });
        keep(() => server.close());
        site.door = `http://${server.host}/${door.queue}/messages?messagettl=-1`;
        return {
          door: { command: `curl -i -d '${messageOf(eventByHand())}' '${site.door}'`, send: (body) => forward(messageOf(body.toString())) },
          unsettled: () => [...sent].filter((id) => !done.has(id)).length,
        };
      },
    };
  },
};
