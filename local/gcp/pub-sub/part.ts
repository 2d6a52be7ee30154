import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Topic } from '@google-cloud/pubsub';
import { eventByHand } from '../../by-hand';
import type { Opened, Part } from '../../parts';
import type { Letter, Receipt } from '../../platform';
import { shown } from '../../shown';
import { Resource, theOnly } from '../../template/resource';
import { many } from '../../text';
import type { Site } from '../site';
import { Broker, INVALID_ARGUMENT, NOT_FOUND } from './broker';
import type { PublishedMessage } from './message';
import { PubSubServer } from './pub-sub';
import { servePubSubRest } from './pub-sub-rest';
import { PushDelivery } from './push';
import { readPush, readSubscription, readTableTarget } from './subscription-settings';
import { TableDelivery } from './table-delivery';

const SUBSCRIPTION = 'google_pubsub_subscription';

/**
 * Topics and subscriptions. The topic whose subscription delivers, by push or into a table, receives the events. All other topics are
 * dead letters.
 */
export const PART: Part<Site> = {
  overrides: () => ['PUBSUB_EMULATOR_HOST = the emulated Pub/Sub'],

  async open({ terraform, endpoints, issuer, clients, tables }, { folder, witness, chaos, pace, keep }): Promise<Opened> {
    const subscriptions = await Resource.all(terraform, SUBSCRIPTION);
    const delivering = terraform.resources(SUBSCRIPTION).filter(({ properties }) => properties.push_config ?? properties.bigquery_config);
    const trigger = theOnly(delivering, `${SUBSCRIPTION} with a push_config or a bigquery_config`);
    const pushes = trigger.properties.push_config !== undefined;
    const settings = subscriptions.map((one) => readSubscription(one, pushes && one.path === trigger.path));
    const { name, topic: entry } = settings[subscriptions.findIndex((one) => one.path === trigger.path)]!;
    const topics = (await Resource.all(terraform, 'google_pubsub_topic')).map(
      (topic) => `projects/${topic.text('project')}/topics/${topic.text('name')}`,
    );
    const place = path.join(folder, 'dead-letter');
    mkdirSync(place);

    const broker = new Broker(topics, settings, pace, (topic, message) => {
      if (topic === entry) return;
      writeLetter(place, message);
      witness.deadLettered(letterOf(message, topic));
    });
    keep(() => broker.stop());
    const server = await PubSubServer.start(broker, pace);
    keep(() => server.stop());
    const rest = await servePubSubRest(broker, entry, (body) => witness.arrived(body));
    keep(() => rest.close());
    clients.PUBSUB_EMULATOR_HOST = rest.host;

    const deliverByPush = (delivers: Resource) => {
      const push = readPush(delivers, [...endpoints.keys()]);
      const { concurrency } = [...endpoints].find(([url]) => push.endpoint.startsWith(url))![1];
      return new PushDelivery(broker.subscription(name), { push, issuer, concurrency, witness, chaos });
    };
    const deliverIntoTable = (delivers: Resource) => {
      const { table, email } = readTableTarget(delivers, tables.keys());
      return new TableDelivery(broker.subscription(name), { email, write: tables.get(table)!, witness, chaos });
    };
    const letters = async () =>
      topics
        .filter((topic) => topic !== entry)
        .flatMap((topic) => broker.subscriptionsOf(topic))
        .flatMap((subscription) => subscription.peek().map((message) => letterOf(message, subscription.settings.name)));
    return {
      async begin() {
        // The push endpoint and the table are known when every part has an address.
        const delivers = (await Resource.all(terraform, SUBSCRIPTION)).find(({ path: at }) => at === trigger.path)!;
        const delivery = pushes ? deliverByPush(delivers) : deliverIntoTable(delivers);
        keep(() => delivery.stop());
        const [keeper] = topics.filter((one) => one !== entry).flatMap((one) => broker.subscriptionsOf(one));
        const words = ['gcp', '--to', entry, ...(keeper ? ['--dead-letter', keeper.settings.name] : [])];
        const replay = keeper && { settings: { PUBSUB_EMULATOR_HOST: rest.host }, words };
        const topic = await publisher(entry, server.address, keep);
        return {
          door: { command: byHand(entry, rest.host), send: (body) => publish(topic, body) },
          deadLetter: { place: shown(place), replay, letters },
          unsettled: () => broker.subscription(name).size,
        };
      },
    };
  },
};

/** The official client of a topic. It sends one message in each request, so that a refused message does not affect others. */
async function publisher(name: string, apiEndpoint: string, keep: (end: () => unknown) => void): Promise<Topic> {
  const { PubSub } = require('@google-cloud/pubsub') as typeof import('@google-cloud/pubsub');
  const client = new PubSub({ projectId: name.split('/')[1], apiEndpoint, emulatorMode: true });
  keep(() => client.close());
  return client.topic(name, { batching: { maxMessages: 1 } });
}

async function publish(topic: Topic, data: Buffer): Promise<Receipt> {
  try {
    return { accepted: true, position: await topic.publishMessage({ data }) };
  } catch (error) {
    const { code, details } = error as { code?: number; details?: string };
    if (code !== INVALID_ARGUMENT && code !== NOT_FOUND) throw error;
    return { accepted: false, reason: String(details) };
  }
}

/** The command that sends one event. */
function byHand(topic: string, host: string): string {
  // Not every `base64` command has an option to write one line.
  const data = `'$(echo '${eventByHand()}' | base64 | tr -d '\\n')'`;
  return `curl -d '{"messages":[{"data":"${data}"}]}' http://${host}/v1/${topic}:publish`;
}

/** The handler or the store sets a reason. If Pub/Sub itself gave up pushing the message, there is only the number of delivery attempts. */
function letterOf({ data, attributes }: PublishedMessage, place: string): Letter {
  const { CloudPubSubDeadLetterSourceDeliveryErrorMessage: error, CloudPubSubDeadLetterSourceDeliveryCount: count } = attributes;
  const reason = attributes.deadLetterReason ?? error;
  return {
    bytes: data,
    place,
    reason: reason ?? (count ? `not acknowledged in ${many(Number(count), 'try', 'tries')}` : 'no reason given'),
  };
}

/** Write the event unchanged, and a JSON file with its attributes. */
function writeLetter(folder: string, { data, ...rest }: PublishedMessage) {
  writeFileSync(path.join(folder, rest.messageId), data);
  writeFileSync(path.join(folder, `${rest.messageId}.json`), JSON.stringify(rest, undefined, 2));
}
