import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import type { AmqpError, Connection, EventContext, Message, Receiver, Sender } from 'rhea';
import { type HubFacts, HubNodes } from './hub-nodes';
import { type LoggedEvent, Partition } from './partition';
import { Readers } from './readers';

/** The settings of an emulated hub. */
export interface HubOptions extends HubFacts {
  readonly partitionCount: number;
  /** The consumer groups in addition to `$Default`, which every hub has. */
  readonly consumerGroups: readonly string[];
  /** The folder of the events of its partitions. */
  readonly folder: string;
  /** The maximum size of a send. */
  readonly maxBytes: number;
  /** Called for each event, with its message id. */
  appended?(partition: string, event: LoggedEvent, messageId: unknown): void;
}

/** The message format of a delivery with several events. */
const BATCH_FORMAT = 0x80013700;
const SENDING = /^([^/]+)(?:\/Partitions\/([^/]+))?$/i;
const READING = /^([^/]+)\/ConsumerGroups\/([^/]+)\/Partitions\/([^/]+)$/i;

/**
 * One hub of Event Hubs, in AMQP 1.0 over plain TCP on loopback.
 * @see https://learn.microsoft.com/azure/event-hub/event-hubs-amqp-protocol-guide
 */
export class EventHubs {
  readonly partitions: readonly Partition[];
  port = 0;

  private readonly rhea: typeof import('rhea') = require('rhea');
  private readonly nodes: HubNodes;
  private readonly readers = new Readers();
  private nextPartition = 0;
  private stop = async () => {};

  private constructor(private readonly options: HubOptions) {
    this.partitions = Array.from(
      { length: options.partitionCount },
      (_, id) => new Partition(String(id), path.join(options.folder, `partition-${id}`)),
    );
    this.nodes = new HubNodes(options, this.partitions, this.rhea);
  }

  static async start(options: HubOptions): Promise<EventHubs> {
    const hub = new EventHubs(options);
    await hub.open();
    return hub;
  }

  close(): Promise<void> {
    return this.stop();
  }

  private async open() {
    const { host, maxBytes } = this.options;
    const container = this.rhea.create_container({ id: host, receiver_options: { autoaccept: false, max_message_size: maxBytes } });
    container.sasl_server_mechanisms.enable_anonymous();
    container.on('receiver_open', ({ connection, receiver }: EventContext) => this.openReceiver(connection, receiver!));
    container.on('sender_open', ({ connection, sender }: EventContext) => this.openSender(connection, sender!));
    container.on('sender_flow', ({ sender }: EventContext) => this.readers.pump({ sender: sender! }));
    container.on('sender_close', ({ sender }: EventContext) => this.readers.forget(sender!));
    container.on('disconnected', ({ connection }: EventContext) => this.readers.forget(connection));
    container.on('message', (context: EventContext) => this.receive(context));
    // A client that disconnects is not an error.
    for (const fault of ['error', 'connection_error', 'session_error', 'sender_error', 'receiver_error', 'protocol_error'])
      container.on(fault, () => {});

    const server = container.listen({ host: '127.0.0.1', port: 0 });
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    this.stop = async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      for (const partition of this.partitions) partition.close();
    };
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }

  private openReceiver(connection: Connection, receiver: Receiver) {
    const address = String(receiver.target.address);
    receiver.set_source(receiver.source);
    receiver.set_target({ address });
    if (this.nodes.isOpen(connection, address)) return;
    const [, name, partition] = SENDING.exec(address) ?? [];
    const refusal = this.refusal(connection, address, name, partition);
    if (refusal) receiver.close(refusal);
  }

  private openSender(connection: Connection, sender: Sender) {
    const address = String(sender.source.address);
    sender.set_source(sender.source);
    sender.set_target(sender.target);
    if (this.nodes.isOpen(connection, address)) return;
    const [, name, group = '', partition] = READING.exec(address) ?? [];
    const groups = ['$Default', ...this.options.consumerGroups].map((known) => known.toLowerCase());
    const refusal =
      this.refusal(connection, address, name, partition) ??
      (groups.includes(group.toLowerCase()) ? undefined : notFound(address, `no consumer group ${group}`)) ??
      this.readers.admit(sender, this.partitions[Number(partition)]!, group.toLowerCase());
    if (refusal) sender.close(refusal);
  }

  /** Why a link is refused, for reasons that are the same in both directions. */
  private refusal(connection: Connection, address: string, name?: string, partition?: string): AmqpError | undefined {
    if (name?.toLowerCase() !== this.options.name.toLowerCase()) return notFound(address, `no hub ${name}`);
    if (!this.nodes.hasToken(connection, address))
      return { condition: 'amqp:unauthorized-access', description: `There was no token for ${address}.` };
    if (partition !== undefined && !this.partitions.some(({ id }) => id === partition))
      return { condition: 'com.microsoft:argument-out-of-range', description: `There is no partition ${partition} in ${address}.` };
    return undefined;
  }

  private receive({ connection, receiver, message, delivery }: EventContext) {
    const address = String(receiver!.target.address);
    if (address.startsWith('$')) {
      delivery!.accept();
      return this.nodes.answer(connection, address, message!);
    }
    const isBatch = delivery!.format === BATCH_FORMAT;
    const envelope = isBatch ? this.decode(message as unknown as Buffer) : message!;
    const events = isBatch ? contentsOf(envelope.body) : [this.rhea.message.encode(envelope)];
    const size = events.reduce((sum, { length }) => sum + length, 0);
    if (size > this.options.maxBytes) {
      const description = `The size of ${size} bytes exceeds the limit of ${this.options.maxBytes} bytes.`;
      return delivery!.reject({ condition: 'amqp:link:message-size-exceeded', description });
    }
    const partition = this.partitionFor(SENDING.exec(address)?.[2], envelope.message_annotations?.['x-opt-partition-key']);
    for (const event of events) this.append(partition, this.decode(event));
    delivery!.accept();
    this.readers.pump({ partition });
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

  /** The given partition, the partition of the key, or the next one in turn. */
  private partitionFor(id: string | undefined, key: unknown): Partition {
    if (id !== undefined) return this.partitions[Number(id)]!;
    const number = key === undefined ? this.nextPartition++ : createHash('sha256').update(String(key)).digest().readUInt32BE();
    return this.partitions[number % this.partitions.length]!;
  }

  private decode(bytes: Buffer): Message {
    return this.rhea.message.decode(bytes) as unknown as Message;
  }
}

function contentsOf({ content }: { readonly content: Buffer | Buffer[] }): Buffer[] {
  return Array.isArray(content) ? content : [content];
}

function notFound(address: string, why: string): AmqpError {
  return { condition: 'amqp:not-found', description: `The messaging entity ${address} could not be found: ${why}.` };
}
