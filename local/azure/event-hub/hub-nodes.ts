import type { Connection, Message, Sender } from 'rhea';
import type { Partition } from './partition';

/** What the nodes of a hub know. */
export interface HubFacts {
  /** The host of its namespace, such as `acme.servicebus.windows.net`. */
  readonly host: string;
  readonly name: string;
  /** Whether a token opens the namespace. Keys open nothing. */
  mayEnter(token: string): boolean;
}

interface Answer {
  readonly status: number;
  readonly description?: string;
  readonly body?: unknown;
}

/**
 * The two nodes of a hub that answer questions: `$cbs` takes tokens, `$management` says what there is.
 * @see https://learn.microsoft.com/azure/event-hub/event-hubs-amqp-protocol-guide
 */
export class HubNodes {
  /** What each connection has shown a token for. */
  private readonly shown = new WeakMap<Connection, Set<string>>();
  private readonly created = new Date();

  constructor(
    private readonly facts: HubFacts,
    private readonly partitions: readonly Partition[],
    private readonly rhea: typeof import('rhea'),
  ) {}

  /** Whether a link leads to one of the nodes, and may. */
  isOpen(connection: Connection, address: string): boolean {
    return address === '$cbs' || (address === '$management' && this.hasShown(connection, `${this.facts.name}/$management`));
  }

  /** Whether a token was shown for what lies at `address`. */
  hasShown(connection: Connection, address: string): boolean {
    return this.shown.get(connection)?.has(this.audience(address)) ?? false;
  }

  /** Answer one question, over the link that it names. */
  answer(connection: Connection, node: string, asked: Message) {
    const { status, description = 'OK', body = '' } = node === '$cbs' ? this.putToken(connection, asked) : this.describe(asked);
    const isReply = (link: Sender) => link.is_sender() && link.source.address === node && link.name === asked.reply_to;
    const properties = { 'status-code': status, 'status-description': description };
    connection.find_sender(isReply)?.send({ body, correlation_id: asked.message_id, application_properties: properties });
  }

  private audience(address: string): string {
    return `sb://${this.facts.host}/${address}`.toLowerCase();
  }

  private putToken(connection: Connection, { body, application_properties: asked }: Message): Answer {
    const isToken = asked?.operation === 'put-token' && asked.type === 'jwt' && this.facts.mayEnter(String(body));
    if (!isToken) return { status: 401, description: 'Only a token of Entra for Event Hubs opens this namespace.' };
    const audience = String(asked.name).toLowerCase();
    if (!audience.startsWith(this.audience('')))
      return { status: 404, description: `The messaging entity ${audience} could not be found: this namespace is ${this.facts.host}.` };
    this.shown.set(connection, (this.shown.get(connection) ?? new Set()).add(audience));
    return { status: 202, description: 'Accepted' };
  }

  private describe({ application_properties: asked }: Message): Answer {
    const { types } = this.rhea;
    const { name } = this.facts;
    if (String(asked?.name).toLowerCase() !== name.toLowerCase()) return { status: 404, description: `There is no hub ${asked?.name}.` };
    if (asked?.type === 'com.microsoft:eventhub') {
      const ids = this.partitions.map(({ id }) => id);
      const created_at = types.wrap_timestamp(this.created.getTime());
      // A list of texts, as AMQP codes it.
      const partition_ids = types.wrap_array(ids, 0xa1, undefined);
      return { status: 200, body: { name, type: asked.type, created_at, partition_count: ids.length, partition_ids } };
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
}
