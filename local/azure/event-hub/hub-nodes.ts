import type { Connection, Message, Sender } from 'rhea';
import type { Partition } from './partition';

/** The settings of the nodes of a hub. */
export interface HubFacts {
  /** The host of its namespace, such as `acme.servicebus.windows.net`. */
  readonly host: string;
  readonly name: string;
  /** Whether a token gives access to the namespace. Keys give no access. */
  mayEnter(token: string): boolean;
}

interface Answer {
  readonly status: number;
  readonly description?: string;
  readonly body?: unknown;
}

/**
 * The two request-response nodes of a hub: `$cbs` accepts tokens, `$management` describes the hub and its partitions.
 * @see https://learn.microsoft.com/azure/event-hub/event-hubs-amqp-protocol-guide
 */
export class HubNodes {
  /** The audiences for which each connection has sent a token. */
  private readonly audiences = new WeakMap<Connection, Set<string>>();
  private readonly created = new Date();

  constructor(
    private readonly facts: HubFacts,
    private readonly partitions: readonly Partition[],
    private readonly rhea: typeof import('rhea'),
  ) {}

  /** Whether a link is to one of the nodes, and is allowed. */
  isOpen(connection: Connection, address: string): boolean {
    return address === '$cbs' || (address === '$management' && this.hasToken(connection, `${this.facts.name}/$management`));
  }

  /** Whether the connection has sent a token for `address`. */
  hasToken(connection: Connection, address: string): boolean {
    return this.audiences.get(connection)?.has(this.audience(address)) ?? false;
  }

  /** Answer one request, over the link in its `reply_to`. */
  answer(connection: Connection, node: string, request: Message) {
    const { status, description = 'OK', body = '' } = node === '$cbs' ? this.putToken(connection, request) : this.describe(request);
    const isReply = (link: Sender) => link.is_sender() && link.source.address === node && link.name === request.reply_to;
    const properties = { 'status-code': status, 'status-description': description };
    connection.find_sender(isReply)?.send({ body, correlation_id: request.message_id, application_properties: properties });
  }

  private audience(address: string): string {
    return `sb://${this.facts.host}/${address}`.toLowerCase();
  }

  private putToken(connection: Connection, { body, application_properties: asked }: Message): Answer {
    const isToken = asked?.operation === 'put-token' && asked.type === 'jwt' && this.facts.mayEnter(String(body));
    if (!isToken) return { status: 401, description: 'This namespace accepts only a Microsoft Entra token for Event Hubs.' };
    const audience = String(asked.name).toLowerCase();
    if (!audience.startsWith(this.audience('')))
      return { status: 404, description: `The messaging entity ${audience} could not be found: this namespace is ${this.facts.host}.` };
    this.audiences.set(connection, (this.audiences.get(connection) ?? new Set()).add(audience));
    return { status: 202, description: 'Accepted' };
  }

  private describe({ application_properties: asked }: Message): Answer {
    const { types } = this.rhea;
    const { name } = this.facts;
    if (String(asked?.name).toLowerCase() !== name.toLowerCase()) return { status: 404, description: `There is no hub ${asked?.name}.` };
    if (asked?.type === 'com.microsoft:eventhub') {
      const ids = this.partitions.map(({ id }) => id);
      const created_at = types.wrap_timestamp(this.created.getTime());
      // An AMQP array of strings.
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
