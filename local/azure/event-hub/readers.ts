import type { AmqpError, Connection, Sender } from 'rhea';
import type { Partition } from './partition';

/** A link that reads one partition. */
interface Reader {
  readonly sender: Sender;
  readonly partition: Partition;
  readonly group: string;
  /** Its owner level. Without one, it shares the partition with others. */
  readonly level?: number;
  next: number;
}

/** How many readers without an owner level may share a partition in one consumer group. */
const MAX_SHARED = 5;

/**
 * The links that read from a hub, with the rules of owner levels.
 * @see https://learn.microsoft.com/azure/event-hub/event-hubs-event-processor-host#epoch
 */
export class Readers {
  private readonly readers = new Set<Reader>();

  /**
   * Let a link read a partition in a consumer group.
   * @returns why it may not, or undefined
   */
  admit(sender: Sender, partition: Partition, group: string): AmqpError | undefined {
    const epoch = sender.properties?.['com.microsoft:epoch'];
    const level = epoch === undefined ? undefined : Number(epoch);
    const others = [...this.readers].filter((reader) => reader.partition === partition && reader.group === group);
    if (others.some((other) => other.level !== undefined && (level === undefined || level < other.level)))
      return stolen(`A receiver with a higher owner level reads partition ${partition.id}.`);
    if (level === undefined && others.length >= MAX_SHARED)
      return { condition: 'amqp:resource-limit-exceeded', description: `${MAX_SHARED} receivers read partition ${partition.id} already.` };
    const next = partition.start(filterOf(sender));
    if (next === undefined)
      return { condition: 'amqp:not-implemented', description: `The filter ${filterOf(sender)} is not emulated here.` };

    for (const other of level === undefined ? [] : others) {
      this.readers.delete(other);
      other.sender.close(stolen(`A receiver with the owner level ${level} reads partition ${partition.id} now.`));
    }
    this.readers.add({ sender, partition, group, level, next });
    return undefined;
  }

  /** Send events to each reader, as far as it has credit. */
  pump(which: { readonly partition: Partition } | { readonly sender: Sender }) {
    for (const reader of this.readers) {
      const { sender, partition } = reader;
      if ('partition' in which ? partition !== which.partition : sender !== which.sender) continue;
      while (reader.next < partition.events.length && sender.sendable()) sender.send(partition.encoded(reader.next++), undefined, 0);
    }
  }

  /** Remove a closed link, or all links of a closed connection. */
  forget(gone: Sender | Connection) {
    for (const reader of this.readers) if (reader.sender === gone || reader.sender.connection === gone) this.readers.delete(reader);
  }
}

function filterOf({ source }: Sender): string {
  const filter = source.filter?.['apache.org:selector-filter:string'];
  return filter === undefined ? "amqp.annotation.x-opt-offset > '-1'" : String(filter.value ?? filter);
}

function stolen(description: string): AmqpError {
  return { condition: 'amqp:link:stolen', description };
}
