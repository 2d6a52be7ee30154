import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/** An event in the log of a partition. */
export interface LoggedEvent {
  readonly sequenceNumber: number;
  /** Where it starts in the log, in bytes. */
  readonly offset: string;
  readonly enqueued: Date;
}

/** The log of one partition: the events in order. They are in a file. Only their offsets are in memory. */
export class Partition {
  readonly events: LoggedEvent[] = [];
  private bytes = 0;
  private readonly log: number;

  constructor(
    readonly id: string,
    file: string,
  ) {
    this.log = openSync(file, 'w+');
  }

  append(encode: (place: LoggedEvent) => Buffer): LoggedEvent {
    const event = { sequenceNumber: this.events.length, offset: String(this.bytes), enqueued: new Date() };
    const encoded = encode(event);
    writeSync(this.log, encoded, 0, encoded.length, this.bytes);
    this.bytes += encoded.length;
    this.events.push(event);
    return event;
  }

  /** The AMQP bytes of an event with its annotations. */
  encoded(index: number): Buffer {
    const start = Number(this.events[index]!.offset);
    const end = Number(this.events[index + 1]?.offset ?? this.bytes);
    const encoded = Buffer.alloc(end - start);
    readSync(this.log, encoded, 0, encoded.length, start);
    return encoded;
  }

  close() {
    closeSync(this.log);
  }

  /**
   * The index of the first event for a reader, by the filter of its link.
   * @returns undefined if the filter is not known
   * @see https://learn.microsoft.com/azure/event-hub/event-hubs-amqp-protocol-guide
   */
  start(filter: string): number | undefined {
    const [, field, operator, value] = /^amqp\.annotation\.x-opt-([a-z-]+) (>=?) '(.*)'$/.exec(filter) ?? [];
    if (field === 'offset' && value === '@latest') return this.events.length;
    const read = field === undefined ? undefined : FIELDS[field];
    if (!read) return undefined;
    const index = this.events.findIndex((event) => read(event) > Number(value) || (operator === '>=' && read(event) === Number(value)));
    return index === -1 ? this.events.length : index;
  }
}

const FIELDS: Readonly<Record<string, (event: LoggedEvent) => number>> = {
  offset: ({ offset }) => Number(offset),
  'sequence-number': ({ sequenceNumber }) => sequenceNumber,
  'enqueued-time': ({ enqueued }) => enqueued.getTime(),
};
