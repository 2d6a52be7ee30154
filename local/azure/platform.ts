import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Answer } from '../loopback';
import type { Letter, Places, Platform, Receipt, StoredRow, Surroundings } from '../platform';
import { Azurite } from './blob/azurite';
import { BlobStorage, type BlobWrite, type ContainerName, fault } from './blob/blob-storage';
import { certificate } from './blob/certificate';
import { blobsIn, letterOf, rowsOf } from './blob/outcome';
import { type Credential, containerClient, credentialOf } from './clients';
import { Door, Sends } from './event-hubs/door';
import { EventHubs } from './event-hubs/event-hubs';
import { FunctionsHost } from './functions/functions-host';
import type { HostConfig } from './functions/host-config';
import { hostStorage, requireHub } from './functions/wiring';
import { IdentityEndpoint, Tokens } from './identity/tokens';
import type { Pipeline } from './pipeline';

/** What an event may weigh in the Standard tier: https://learn.microsoft.com/azure/event-hubs/event-hubs-quotas */
const MAX_BYTES = 1024 * 1024;
/** The container in which the host keeps its checkpoints. */
const CHECKPOINTS = 'azure-webjobs-eventhub';
const EVENT_HUBS = 'https://eventhubs.azure.net';

/** What is read from the template, once it is known where Blob Storage is. */
type ReadTemplate = (blobs: string) => Promise<{
  readonly pipeline: Pipeline;
  /** The files of the package. */
  readonly code: Readonly<Record<string, Uint8Array>>;
  readonly config: HostConfig;
}>;

/** Event Hubs, Functions and Blob Storage on this machine, as a template puts them together. */
export class AzurePlatform implements Platform {
  /** What is open, in the order in which it was opened. */
  private readonly opened: { close(): Promise<void> }[] = [];
  private readonly tokens = new Tokens();
  private readonly tls = certificate();
  private azuritePort!: number;
  private hub!: EventHubs;
  private host!: FunctionsHost;
  private door!: Door;
  private pipeline!: Pipeline;

  private constructor(private readonly surroundings: Surroundings) {}

  static async start(surroundings: Surroundings, read: ReadTemplate): Promise<AzurePlatform> {
    const platform = new AzurePlatform(surroundings);
    try {
      await platform.open(read);
      return platform;
    } catch (error) {
      await platform.stop();
      throw error;
    }
  }

  get places(): Places {
    const { store, deadLetter } = this.pipeline;
    return {
      send: `curl -i -d @event.json ${this.door.url}`,
      store: path.join(this.files, store.container),
      deadLetter: path.join(this.files, deadLetter.container),
    };
  }

  send(body: Buffer): Promise<Receipt> {
    return this.door.send(body);
  }

  unsettled(): number {
    return this.hub.partitions.reduce((sum, { id, events }) => sum + events.length - this.host.doneWith(id), 0);
  }

  async rows(): Promise<readonly StoredRow[]> {
    return (await blobsIn(this.client(this.pipeline.store))).flatMap(({ name, text }) => rowsOf(text, name));
  }

  async letters(): Promise<readonly Letter[]> {
    return (await blobsIn(this.client(this.pipeline.deadLetter))).map(({ name, text }) => letterOf(text, name));
  }

  async stop(): Promise<void> {
    for (const one of this.opened.splice(0).reverse()) await one.close();
  }

  /** Where each blob lies as a plain file. */
  private get files(): string {
    return path.join(this.surroundings.folder, 'blobs');
  }

  private async open(read: ReadTemplate) {
    const { folder, witness, chaos, pace } = this.surroundings;
    const files = { cert: path.join(folder, 'loopback.pem'), key: path.join(folder, 'loopback.key') };
    writeFileSync(files.cert, this.tls.cert);
    writeFileSync(files.key, this.tls.key, { mode: 0o600 });
    const storage = this.keep(await BlobStorage.start(this.files, this.tls));
    const { pipeline, code, config } = await read(storage.url);
    this.pipeline = pipeline;
    const { app, accounts, store, deadLetter } = pipeline;
    const host = hostStorage(pipeline);
    const azurite = this.keep(new Azurite({ folder, accounts, tls: files }));
    const identity = this.keep(await IdentityEndpoint.start(this.tokens, app.clientIds));

    const prepare = async () => {
      this.azuritePort = await azurite.port;
      storage.open(this.azuritePort, [store, deadLetter], (write, pass) => this.write(write, pass));
      const asHost = credentialOf((resource) => identity.tokenOf(host.clientId, resource));
      const checkpoints = this.client({ account: host.account, container: CHECKPOINTS }, asHost);
      const all = [...pipeline.containers.map((container) => this.client(container)), checkpoints];
      await Promise.all(all.map((one) => one.createIfNotExists()));
      return checkpoints;
    };
    const checkpoints = prepare();
    // The app loads in the meantime, and may be refused first.
    checkpoints.catch(() => {});
    const sends = new Sends();
    this.hub = this.keep(
      await EventHubs.start({
        ...pipeline.hub,
        maxBytes: MAX_BYTES,
        mayEnter: (token) => this.tokens.read(token)?.aud.startsWith(EVENT_HUBS) ?? false,
        appended: (partition, { sequenceNumber }, messageId) => sends.arrived(messageId, `${partition}/${sequenceNumber}`),
      }),
    );
    this.host = this.keep(
      await FunctionsHost.start({
        folder: unpack(code, path.join(folder, 'app')),
        env: {
          FUNCTIONS_WORKER_RUNTIME: 'node',
          WEBSITE_SITE_NAME: app.name,
          ...app.settings,
          IDENTITY_ENDPOINT: identity.url,
          IDENTITY_HEADER: identity.secret,
          NODE_EXTRA_CA_CERTS: files.cert,
        },
        memoryMiB: app.memoryMiB,
        config,
        hubPort: this.hub.port,
        checkpoints,
        readerOf: (trigger) => {
          requireHub(trigger, pipeline);
          return credentialOf((resource) => identity.tokenOf(trigger.clientId, resource));
        },
        witness,
        chaos,
        pace,
      }),
    );
    this.door = this.keep(await Door.open({ ...pipeline.hub, port: this.hub.port }, this.credential('a sender'), sends));
  }

  private keep<Opened extends { close(): Promise<void> }>(one: Opened): Opened {
    this.opened.push(one);
    return one;
  }

  /** Somebody of this run. Who may do what is not emulated. */
  private credential(appid: string): Credential {
    return credentialOf((aud) => this.tokens.issue({ aud, appid }));
  }

  private client({ account, container }: ContainerName, credential = this.credential('the runner')) {
    return containerClient(`https://127.0.0.1:${this.azuritePort}/${account}/${container}`, credential, this.tls.cert);
  }

  /** A blob is written to the store or to the dead letter. */
  private async write({ account, container, blob, body }: BlobWrite, pass: () => Promise<Answer>): Promise<Answer> {
    const { witness, chaos } = this.surroundings;
    const text = body.toString();
    const { store } = this.pipeline;
    if (account !== store.account || container !== store.container) {
      const answer = await pass();
      if (answer.status === 201) witness.deadLettered(letterOf(text, blob));
      return answer;
    }
    const rows = rowsOf(text, blob);
    const fate = chaos.write(rows.map((row) => row.text));
    // The client of storage tries again by itself what may pass soon; what an account says that is switched off, it takes at its word.
    if (fate === 'refuse') return fault(403, 'AccountIsDisabled', 'The specified account is disabled.');
    if (fate === 'stall') await this.host.stall();
    if (fate === 'kill before') await this.host.kill();
    if (fate === 'stall' || fate === 'kill before') return fault(503, 'ServerBusy', 'Nobody hears this.');
    const answer = await pass();
    if (answer.status === 201) witness.stored(rows);
    if (fate === 'kill after') await this.host.kill();
    return answer;
  }
}

/** Unpack files into a new folder. */
function unpack(files: Readonly<Record<string, Uint8Array>>, folder: string): string {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return folder;
}
