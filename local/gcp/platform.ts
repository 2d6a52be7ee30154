import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PubSub, type Topic } from '@google-cloud/pubsub';
import { type Answer, serve } from '../loopback';
import type { Letter, Places, Platform, Receipt, StoredRow, Surroundings } from '../platform';
import type { TableRow } from './bigquery/row-check';
import { storedRow } from './bigquery/row-text';
import { StorageWriteStandIn } from './bigquery/storage-write';
import { DuckTable } from './bigquery/table';
import { writesTo } from './bigquery/writes';
import { CloudFunction, runtimeEnv } from './cloud-functions/function';
import { unpackFunction } from './cloud-functions/package';
import { readGoogle } from './computed';
import { serveMetadata, withoutCredentials } from './identity/metadata';
import { TokenIssuer } from './identity/oidc';
import { placesOf } from './places';
import { Broker, INVALID_ARGUMENT, NOT_FOUND } from './pub-sub/broker';
import type { PublishedMessage } from './pub-sub/message';
import { PubSubServer } from './pub-sub/pub-sub';
import { servePubSubRest } from './pub-sub/pub-sub-rest';
import { PushDelivery } from './pub-sub/push';
import { readStack, type Stack } from './stack';

/** A pipeline on Google Cloud: the official client publishes, a stand-in for Pub/Sub pushes, the function writes to DuckDB. */
export class GcpPlatform implements Platform {
  readonly uniqueRows?: () => Promise<StoredRow[]>;

  private constructor(
    readonly places: Places,
    private readonly stack: Stack,
    private readonly broker: Broker,
    private readonly topic: Topic,
    private readonly table: DuckTable,
    private readonly ends: readonly (() => unknown)[],
  ) {
    if (stack.table.view) this.uniqueRows = async () => this.told(await table.viewRows());
  }

  /** Start all of it. What was started is stopped again when the rest cannot be. */
  static async start(folder: string, surroundings: Surroundings): Promise<GcpPlatform> {
    const ends: (() => unknown)[] = [];
    try {
      return await GcpPlatform.assemble(folder, surroundings, ends);
    } catch (error) {
      await endAll(ends);
      throw error;
    }
  }

  private static async assemble(folder: string, { folder: data, witness, chaos, pace }: Surroundings, ends: (() => unknown)[]) {
    const [home, letters, code] = ['home', 'dead-letter', 'function'].map((name) => path.join(data, name));
    for (const made of [home, letters]) mkdirSync(made!);

    let answer: CloudFunction['answer'] = async (): Promise<Answer> => ({ status: 404 });
    const door = await serve((request, body) => answer(request, body));
    ends.push(() => door.close());
    const url = `http://${door.host}`;
    const stack = await readStack(await readGoogle(folder, url), url);

    const metadata = await serveMetadata(stack.project);
    ends.push(() => metadata.close());
    Object.assign(process.env, withoutCredentials(metadata, home!));

    const file = path.join(data, 'store.duckdb');
    const table = await DuckTable.create(file, stack.table);
    ends.push(() => table.close());
    const storage = await new StorageWriteStandIn(stack.table.schema, {
      name: tableName(stack),
      partitionedBy: stack.table.partitionedBy,
    }).start();
    storage.keeps = false;
    ends.push(() => storage.vanish());

    const broker = new Broker(stack.topics, stack.subscriptions, pace, (topic, message) => {
      if (topic === stack.trigger.topic) return;
      writeLetter(letters!, message);
      witness.deadLettered(letterOf(message, topic));
    });
    ends.push(() => broker.stop());
    const server = await PubSubServer.start(broker, pace);
    ends.push(() => server.stop());
    const rest = await servePubSubRest(broker);
    ends.push(() => rest.close());

    const issuer = new TokenIssuer();
    unpackFunction(readFileSync(path.join(folder, stack.zip)), code!, stack.zip);
    const env = {
      ...runtimeEnv(stack.function),
      ...stack.function.env,
      ...withoutCredentials(metadata, home!),
      BIGQUERY_STORAGE_ENDPOINT: storage.address,
      PUBSUB_EMULATOR_HOST: rest.host,
    };
    const fn = new CloudFunction(stack.function, {
      url,
      instance: { folder: code!, env, log: (line) => witness.log(line) },
      issuer,
      pace,
      incident: (text) => witness.incident(text),
    });
    ends.push(() => fn.stop());
    answer = fn.answer;
    storage.fate = writesTo(table, fn, { settings: stack.table, chaos, witness });
    await fn.deploy();

    const push = new PushDelivery(broker.subscription(stack.trigger.name), {
      push: stack.push,
      issuer,
      concurrency: stack.function.concurrency,
      witness,
      chaos,
    });
    ends.push(() => push.stop());

    const client = new PubSub({ projectId: stack.project, apiEndpoint: server.address, emulatorMode: true });
    ends.push(() => client.close());
    // One message for each request, so that one that is refused takes no other with it.
    const topic = client.topic(stack.trigger.topic, { batching: { maxMessages: 1 } });
    return new GcpPlatform(placesOf(stack, rest.host, file, letters!), stack, broker, topic, table, ends);
  }

  async send(body: Buffer): Promise<Receipt> {
    try {
      return { accepted: true, position: await this.topic.publishMessage({ data: body }) };
    } catch (error) {
      const { code, details } = error as { code?: number; details?: string };
      if (code !== INVALID_ARGUMENT && code !== NOT_FOUND) throw error;
      return { accepted: false, reason: String(details) };
    }
  }

  unsettled(): number {
    return this.broker.subscription(this.stack.trigger.name).size;
  }

  async rows(): Promise<StoredRow[]> {
    return this.told(await this.table.rows());
  }

  async letters(): Promise<Letter[]> {
    const topics = this.stack.topics.filter((topic) => topic !== this.stack.trigger.topic);
    const subscriptions = topics.flatMap((topic) => this.broker.subscriptionsOf(topic));
    return subscriptions.flatMap((subscription) => subscription.peek().map((message) => letterOf(message, subscription.settings.name)));
  }

  async stop(): Promise<void> {
    await endAll(this.ends);
  }

  private told(rows: readonly TableRow[]): StoredRow[] {
    return rows.map((row) => storedRow(this.stack.table, row));
  }
}

/** End what was started, the last first. One that does not end keeps no other from it. */
async function endAll(ends: readonly (() => unknown)[]) {
  const faults: unknown[] = [];
  for (const end of [...ends].reverse()) {
    try {
      await end();
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
}

function tableName({ table: { project, dataset, name } }: Stack): string {
  return `projects/${project}/datasets/${dataset}/tables/${name}`;
}

/** Who gave the message up said why, or Pub/Sub itself did, which never says more than how often it tried. */
function letterOf({ data, attributes }: PublishedMessage, place: string): Letter {
  const { deadLetterReason, CloudPubSubDeadLetterSourceDeliveryCount: count } = attributes;
  return { bytes: data, place, reason: deadLetterReason ?? (count ? `not acknowledged in ${count} tries` : 'nobody said why') };
}

/** The event as it came, and beside it what is known of it. */
function writeLetter(folder: string, { data, ...rest }: PublishedMessage) {
  writeFileSync(path.join(folder, rest.messageId), data);
  writeFileSync(path.join(folder, `${rest.messageId}.json`), JSON.stringify(rest, undefined, 2));
}
