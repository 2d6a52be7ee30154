import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { AmqpError, Connection, EventContext, Message, Receiver, Sender } from 'rhea';
import { type LoggedEvent, Partition } from './partition';

/** A hub to stand in for. */
export interface HubOptions {
  /** The host of its namespace, such as `acme.servicebus.windows.net`. */
  readonly host: string;
  readonly name: string;
  readonly partitionCount: number;
  /** The consumer groups beside `$Default`, which every hub has. */
  readonly consumerGroups: readonly string[];
  /** How large a send may be. */
  readonly maxBytes: number;
  /** Whether a token opens the namespace. Keys open nothing. */
  mayEnter(token: string): boolean;
  /** Hears of each event, with the id that its sender gave it. */
  appended?(partition: string, event: LoggedEvent, messageId: unknown): void;
}

/** A link that reads one partition. */
interface Reader {
  readonly sender: Sender;
  readonly partition: Partition;
  readonly group: string;
  /** Its owner level. Without one it shares the partition with others. */
  readonly epoch?: number;
  next: number;
}

/** How many readers without an owner level may share a partition in one consumer group. */
const SHARED_READERS = 5;
/** What the format of a delivery says when it holds several events. */
const BATCH_FORMAT = 0x80013700;

/**
 * One hub of Event Hubs, in AMQP 1.0 over plain TCP on loopback.
 * @see https://learn.microsoft.com/azure/event-hubs/event-hubs-amqp-protocol-guide
 */
export class EventHubs {
  readonly partitions: readonly Partition[];
  port = 0;

  private readonly readers = new Set<Reader>();
  private readonly sockets = new Set<Socket>();
  /** What each connection has shown a token for. */
  private readonly audiences = new WeakMap<Connection, Set<string>>();
  private readonly created = new Date();
  private server?: Server;
  private turn = 0;

  private constructor(
    private readonly options: HubOptions,
    private readonly rhea: typeof import('rhea'),
  ) {
    this.partitions = Array.from({ length: options.partitionCount }, (_, id) => new Partition(String(id)));
  }

  static async start(options: HubOptions): Promise<EventHubs> {
    const hub = new EventHubs(options, require('rhea') as typeof import('rhea'));
    await hub.listen();
    return hub;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server!.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async listen() {
    const container = this.rhea.create_container({
      id: this.options.host,
      receiver_options: { autoaccept: false, max_message_size: this.options.maxBytes },
    });
    container.sasl_server_mechanisms.enable_anonymous();
    container.on('receiver_open', ({ connection, receiver }: EventContext) => this.openForSending(connection, receiver!));
    container.on('sender_open', ({ connection, sender }: EventContext) => this.openForReading(connection, sender!));
    container.on('sender_flow', ({ sender }: EventContext) => {
      for (const reader of this.readers) if (reader.sender === sender) pump(reader);
    });
    container.on('sender_close', ({ sender }: EventContext) => this.forget((reader) => reader.sender === sender));
    container.on('disconnected', ({ connection }: EventContext) => this.forget((reader) => reader.sender.connection === connection));
    container.on('message', (context: EventContext) => this.take(context));
    // A client that goes away is no fault of ours.
    for (const fault of ['error', 'connection_error', 'session_error', 'sender_error', 'receiver_error', 'protocol_error'])
      container.on(fault, () => {});

    this.server = container.listen({ host: '127.0.0.1', port: 0 });
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  private openForSending(connection: Connection, receiver: Receiver) {
    const address = String(receiver.target.address);
    receiver.set_source(receiver.source);
    receiver.set_target({ address });
    if (address === '$cbs' || (address === '$management' && this.hasShown(connection, `${this.options.name}/$management`))) return;
    this.answer(receiver, this.refusal(connection, address, /^([^/]+)(?:\/Partitions\/([^/]+))?$/i));
  }

  private openForReading(connection: Connection, sender: Sender) {
    const address = String(sender.source.address);
    sender.set_source(sender.source);
    sender.set_target(sender.target);
    if (address === '$cbs' || (address === '$management' && this.hasShown(connection, `${this.options.name}/$management`))) return;
    const [, , group = '', id] = /^([^/]+)\/ConsumerGroups\/([^/]+)\/Partitions\/([^/]+)$/i.exec(address) ?? [];
    const refusal = this.refusal(connection, address, /^([^/]+)\/ConsumerGroups\/[^/]+\/Partitions\/([^/]+)$/i);
    if (refusal) return this.answer(sender, refusal);
    const known = ['$Default', ...this.options.consumerGroups].some((name) => name.toLowerCase() === group.toLowerCase());
    if (!known) return this.answer(sender, notFound(`The messaging entity ${address} could not be found: no consumer group ${group}.`));

    const partition = this.partitions[Number(id)]!;
    const level = sender.properties?.['com.microsoft:epoch'];
    const epoch = level === undefined ? undefined : Number(level);
    const others = [...this.readers].filter((reader) => reader.partition === partition && reader.group === group.toLowerCase());
    if (others.some((other) => other.epoch !== undefined && (epoch === undefined || epoch < other.epoch)))
      return this.answer(sender, stolen(`A receiver with a higher owner level reads ${address}.`));
    if (epoch === undefined && others.length >= SHARED_READERS)
      return this.answer(sender, {
        condition: 'amqp:resource-limit-exceeded',
        description: `${SHARED_READERS} receivers read ${address}.`,
      });
    if (epoch !== undefined)
      for (const other of others) {
        this.readers.delete(other);
        other.sender.close(stolen(`A receiver with the owner level ${epoch} reads ${address} now.`));
      }
    const next = partition.start(filterOf(sender));
    this.readers.add({ sender, partition, group: group.toLowerCase(), epoch, next });
  }

  /** Why a link to `address` is refused, as far as it is the same for both directions. */
  private refusal(connection: Connection, address: string, form: RegExp): AmqpError | undefined {
    const [, name, partition] = form.exec(address) ?? [];
    if (name?.toLowerCase() !== this.options.name.toLowerCase())
      return notFound(`The messaging entity ${address} could not be found in ${this.options.host}.`);
    if (!this.hasShown(connection, address))
      return { condition: 'amqp:unauthorized-access', description: `Nobody has shown a token for ${address}.` };
    if (partition !== undefined && !this.partitions.some(({ id }) => id === partition))
      return { condition: 'com.microsoft:argument-out-of-range', description: `There is no partition ${partition} in ${address}.` };
    return undefined;
  }

  /** Let the link be, or close it with the reason. */
  private answer(link: Sender | Receiver, refusal: AmqpError | undefined) {
    if (refusal) link.close(refusal);
  }

  private hasShown(connection: Connection, address: string): boolean {
    return this.audiences.get(connection)?.has(`sb://${this.options.host}/${address}`.toLowerCase()) ?? false;
  }

  private forget(which: (reader: Reader) => boolean) {
    for (const reader of this.readers) if (which(reader)) this.readers.delete(reader);
  }

  private take({ connection, receiver, message, delivery }: EventContext) {
    const address = String(receiver!.target.address);
    if (address === '$cbs' || address === '$management') {
      delivery!.accept();
      const answer = address === '$cbs' ? this.putToken(connection, message!) : this.describe(message!);
      return this.reply(connection, address, message!, answer);
    }

    const envelope = delivery!.format === BATCH_FORMAT ? this.decode(message as unknown as Buffer) : message!;
    const encoded: Buffer[] = delivery!.format === BATCH_FORMAT ? contentsOf(envelope.body) : [this.rhea.message.encode(envelope)];
    const size = encoded.reduce((sum, { length }) => sum + length, 0);
    if (size > this.options.maxBytes) {
      const description = `The size of ${size} bytes exceeds the limit of ${this.options.maxBytes} bytes.`;
      return delivery!.reject({ condition: 'amqp:link:message-size-exceeded', description });
    }
    const key = envelope.message_annotations?.['x-opt-partition-key'];
    const partition = this.partitionFor(/\/Partitions\/([^/]+)$/i.exec(address)?.[1], key);
    for (const one of encoded) this.append(partition, this.decode(one));
    delivery!.accept();
    for (const reader of this.readers) if (reader.partition === partition) pump(reader);
  }

  private decode(bytes: Buffer): Message {
    return this.rhea.message.decode(bytes) as unknown as Message;
  }

  private append(partition: Partition, message: Message) {
    const { types, message: codec } = this.rhea;
    const event = partition.append(({ sequenceNumber, offset, enqueued }) =>
      codec.encode({
        ...message,
        message_annotations: {
          ...message.message_annotations,
          'x-opt-sequence-number': types.wrap_long(sequenceNumber),
          'x-opt-offset': offset,
          'x-opt-enqueued-time': types.wrap_timestamp(enqueued.getTime()),
        },
      }),
    );
    this.options.appended?.(partition.id, event, message.message_id);
  }

  /** The named one, the one that the key always leads to, or the next in turn. */
  private partitionFor(id: string | undefined, key: unknown): Partition {
    if (id !== undefined) return this.partitions[Number(id)]!;
    const number = key === undefined ? this.turn++ : createHash('sha256').update(String(key)).digest().readUInt32BE();
    return this.partitions[number % this.partitions.length]!;
  }

  private putToken(connection: Connection, { body, application_properties: asked }: Message): Answer {
    const isToken = asked?.operation === 'put-token' && asked.type === 'jwt' && this.options.mayEnter(String(body));
    if (!isToken) return { status: 401, description: 'Only a token of Entra for Event Hubs opens this namespace.' };
    const audience = String(asked.name).toLowerCase();
    if (!audience.startsWith(`sb://${this.options.host}/`.toLowerCase()))
      return { status: 404, description: `The messaging entity ${audience} could not be found: this namespace is ${this.options.host}.` };
    this.audiences.set(connection, (this.audiences.get(connection) ?? new Set()).add(audience));
    return { status: 202, description: 'Accepted' };
  }

  private describe({ application_properties: asked }: Message): Answer {
    const { types } = this.rhea;
    const { name } = this.options;
    if (String(asked?.name).toLowerCase() !== name.toLowerCase()) return { status: 404, description: `There is no hub ${asked?.name}.` };
    if (asked?.type === 'com.microsoft:eventhub') {
      const partition_ids = types.wrap_array(
        this.partitions.map(({ id }) => id),
        0xa1,
        undefined,
      );
      const created_at = types.wrap_timestamp(this.created.getTime());
      return { status: 200, body: { name, type: asked.type, created_at, partition_count: this.partitions.length, partition_ids } };
    }
    const partition = this.partitions.find(({ id }) => id === String(asked?.partition));
    if (!partition || asked?.type !== 'com.microsoft:partition') return { status: 404, description: `There is no ${asked?.partition}.` };
    const last = partition.events.at(-1);
    return {
      status: 200,
      body: {
        name,
        type: asked.type,
        partition: partition.id,
        begin_sequence_number: types.wrap_long(0),
        last_enqueued_sequence_number: types.wrap_long(last?.sequenceNumber ?? -1),
        last_enqueued_offset: last?.offset ?? '-1',
        last_enqueued_time_utc: types.wrap_timestamp((last?.enqueued ?? this.created).getTime()),
        is_partition_empty: !last,
      },
    };
  }

  private reply(connection: Connection, node: string, asked: Message, { status, description = 'OK', body = '' }: Answer) {
    const isReply = (link: Sender) => link.is_sender() && link.source.address === node && link.name === asked.reply_to;
    const properties = { 'status-code': status, 'status-description': description };
    connection.find_sender(isReply)?.send({ body, correlation_id: asked.message_id, application_properties: properties });
  }
}

interface Answer {
  readonly status: number;
  readonly description?: string;
  readonly body?: unknown;
}

/** Send what the reader has credit for. */
function pump(reader: Reader) {
  const { sender, partition } = reader;
  while (reader.next < partition.events.length && sender.sendable()) sender.send(partition.events[reader.next++]!.encoded, undefined, 0);
}

function contentsOf({ content }: { readonly content: Buffer | Buffer[] }): Buffer[] {
  return Array.isArray(content) ? content : [content];
}

function filterOf(sender: Sender): string {
  const filter = sender.source.filter?.['apache.org:selector-filter:string'];
  return filter === undefined ? "amqp.annotation.x-opt-offset > '-1'" : String(filter.value ?? filter);
}

function notFound(description: string): AmqpError {
  return { condition: 'amqp:not-found', description };
}

function stolen(description: string): AmqpError {
  return { condition: 'amqp:link:stolen', description };
}
