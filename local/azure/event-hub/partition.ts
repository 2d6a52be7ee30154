/** An event in the log of a partition. */
export interface LoggedEvent {
  readonly sequenceNumber: number;
  /** Where it starts, in bytes. */
  readonly offset: string;
  readonly enqueued: Date;
  /** The event with its annotations, as it goes over the wire. */
  readonly encoded: Buffer;
}

/** Where an event stands. */
export type Place = Omit<LoggedEvent, 'encoded'>;

/** The log of one partition: what was sent, in its order. */
export class Partition {
  readonly events: LoggedEvent[] = [];
  private bytes = 0;

  constructor(readonly id: string) {}

  append(encode: (place: Place) => Buffer): LoggedEvent {
    const place = { sequenceNumber: this.events.length, offset: String(this.bytes), enqueued: new Date() };
    const event = { ...place, encoded: encode(place) };
    this.bytes += event.encoded.length;
    this.events.push(event);
    return event;
  }

  /**
   * The index of the first event that a reader gets, by the filter on its link.
   * @returns nothing when the filter is not known
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
