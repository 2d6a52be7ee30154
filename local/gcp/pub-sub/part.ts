import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { hashOf } from '../../contents';
import type { Opened, Part } from '../../parts';
import { NotRunHere, type Surroundings } from '../../platform';
import { shown } from '../../shown';
import { Resource } from '../../template/resource';
import type { Site } from '../site';
import { Broker } from './broker';
import { branchesOf, type Delivering, KINDS, type Target } from './delivering';
import { doorOf } from './door';
import { FileDelivery } from './file-delivery';
import { madeByDelivery, rowsIn } from './files';
import { letterOf, writeLetter } from './letters';
import type { PublishedMessage } from './message';
import { PubSubServer } from './pub-sub';
import { servePubSubRest } from './pub-sub-rest';
import { PushDelivery } from './push';
import { readFiles, readPush, readSubscription, readTableTarget } from './subscription-settings';
import { TableDelivery } from './table-delivery';
import { readTransforms, type Transform } from './transforms';

const SUBSCRIPTION = 'google_pubsub_subscription';

/**
 * Topics and subscriptions. The topic whose subscriptions deliver, by push, into a table or into files, receives the events. A topic of
 * notifications of new objects receives the events of these, which its transform makes. All other topics are dead letters. If several
 * subscriptions deliver, each must have every event of its topic: a branch of the balance.
 */
export const PART: Part<Site> = {
  overrides: () => ['PUBSUB_EMULATOR_HOST = the emulated Pub/Sub'],

  async open(site, { folder, witness, chaos, pace, keep }): Promise<Opened> {
    const { terraform, clients } = site;
    const kinds = new Map(terraform.resources(SUBSCRIPTION).map((one) => [one.path, KINDS.find((kind) => one.properties[kind])]));
    const found = (await Resource.all(terraform, SUBSCRIPTION)).map((one) => {
      const kind = kinds.get(one.path);
      return { kind, path: one.path, settings: readSubscription(one, kind === 'push_config') };
    });
    const ofTopics = (await Resource.all(terraform, 'google_pubsub_topic')).map((topic) => {
      return [`projects/${topic.text('project')}/topics/${topic.text('name')}`, readTransforms(topic)] as const;
    });
    const topics = ofTopics.map(([name]) => name);
    const notified = (await Resource.all(terraform, 'google_storage_notification')).map((one) => one.text('topic'));
    const delivered = found.flatMap(({ kind, settings }) => (kind ? [settings.topic] : []));
    const entry = entryOf(delivered, notified);
    const hasEvents = (topic: string) => topic === entry || notified.includes(topic);
    const place = path.join(folder, 'dead-letter');
    mkdirSync(place);

    const delivering: Delivering[] = [];
    const all = found.map(({ settings }) => settings);
    let isNotification = false;
    /** What is sent is compared as it was sent. */
    const watched =
      (topic: string, transform: Transform): Transform =>
      (message) => {
        const made = transform(message);
        if (!isNotification && !made?.data.equals(message.data)) {
          witness.broken(
            `A message transform of ${topic} changes events that are sent. The local run checks only transforms of notifications.`,
          );
        }
        return made;
      };
    const transforms = new Map(ofTopics.flatMap(([name, transform]) => (transform ? [[name, watched(name, transform)] as const] : [])));
    const published = (topic: string, message: PublishedMessage) => {
      if (!hasEvents(topic)) {
        writeLetter(place, message);
        return witness.deadLettered(letterOf(message, topic));
      }
      const readers = delivering.filter(({ subscription }) => subscription.settings.topic === topic);
      for (const { took } of readers) took.add(hashOf(message.data));
      if (isNotification && readers.length > 0) witness.made('new object', message.data, message.messageId);
    };
    const broker = new Broker(topics, all, pace, published, transforms);
    for (const topic of topics) {
      site.topics.set(topic, (data, attributes) => {
        isNotification = true;
        try {
          broker.publish(topic, [{ data, attributes, orderingKey: '' }]);
        } finally {
          isNotification = false;
        }
      });
    }
    for (const { kind, path: at, settings } of found) {
      if (kind) delivering.push({ kind, path: at, subscription: broker.subscription(settings.name), took: new Set() });
    }
    keep(() => broker.stop());
    const server = await PubSubServer.start(broker, pace);
    keep(() => server.stop());
    const rest = await servePubSubRest(broker, hasEvents, (body) => witness.arrived(body));
    keep(() => rest.close());
    clients.PUBSUB_EMULATOR_HOST = rest.host;

    const letters = async () =>
      topics
        .filter((topic) => !hasEvents(topic))
        .flatMap((topic) => broker.subscriptionsOf(topic))
        .flatMap((subscription) => subscription.peek().map((message) => letterOf(message, subscription.settings.name)));
    return {
      async begin() {
        // The push endpoint, the table and the bucket are known when every part has an address.
        const resources = await Resource.all(terraform, SUBSCRIPTION);
        const targets = delivering.map((one) => {
          const { delivery, ...target } = start(one, resources.find(({ path: at }) => at === one.path)!, site, { witness, chaos, pace });
          keep(() => delivery.stop());
          return target;
        });
        const replay = [entry, ...notified].flatMap((topic) => {
          const dead = delivering.find(({ subscription }) => subscription.settings.topic === topic)?.subscription.settings.deadLetter;
          const [keeper] = dead ? broker.subscriptionsOf(dead.topic) : [];
          if (!keeper) return [];
          return { settings: { PUBSUB_EMULATOR_HOST: rest.host }, words: ['gcp', '--to', topic, '--dead-letter', keeper.settings.name] };
        });
        const isOrdered = delivering.some(({ subscription }) => subscription.settings.ordered);
        return {
          door: doorOf({ topic: entry, address: server.address, host: rest.host, isOrdered }, keep),
          deadLetter: { place: shown(place), replay, letters },
          ...(targets.length > 1 ? { branches: branchesOf(delivering, targets, site.asRead) } : { make: targets[0]!.make }),
          unsettled: () => delivering.reduce((sum, { subscription }) => sum + subscription.size, 0),
        };
      },
    };
  },
};

/** Start to deliver. */
function start(
  { kind, subscription }: Delivering,
  resource: Resource,
  { endpoints, issuer, tables, buckets, objects, asRead }: Site,
  around: Pick<Surroundings, 'witness' | 'chaos' | 'pace'>,
): Target & { readonly delivery: { stop(): void } } {
  switch (kind) {
    case 'push_config': {
      const push = readPush(resource, [...endpoints.keys()]);
      const { concurrency, stores } = [...endpoints].find(([url]) => push.endpoint.startsWith(url))![1];
      return { stores, delivery: new PushDelivery(subscription, { push, issuer, concurrency, ...around }) };
    }
    case 'bigquery_config': {
      const { table, email } = readTableTarget(resource, tables.keys());
      const from = `${table.split('.')[1]}.`;
      const delivery = new TableDelivery(subscription, { email, write: tables.get(table)!, ...around });
      return { start: from, asRead: asRead.get(from), delivery };
    }
    case 'cloud_storage_config': {
      const files = readFiles(resource, buckets.keys());
      const from = `${files.bucket}/${files.prefix}`;
      objects.set(from, (content, place) => rowsIn(files, content, place));
      const delivery = new FileDelivery(subscription, { files, write: buckets.get(files.bucket)!, ...around });
      return { start: from, make: madeByDelivery, delivery };
    }
  }
}

/**
 * The topic that the run sends to.
 * @throws NotRunHere if not exactly one topic has subscriptions that deliver, without those that get notifications
 */
function entryOf(delivered: readonly string[], notified: readonly string[]): string {
  const open = delivered.filter((topic) => !notified.includes(topic));
  const [entry, ...others] = new Set(open.length > 0 ? open : delivered);
  if (entry !== undefined && others.length === 0) return entry;
  const why =
    entry === undefined
      ? `none has ${KINDS.join(' or ')}.`
      : `events of ${1 + others.length} topics are delivered, and the local run sends to one only.`;
  throw new NotRunHere(SUBSCRIPTION, why);
}
