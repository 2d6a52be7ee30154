/** An event in a dead letter. */
export interface Letter {
  /** Unique, and the same at each read. */
  readonly id: string;
  readonly reason: string;
  /** When it was written to the dead letter. */
  readonly givenUp: Date;
  /** Where it is sent: a stream, a queue, a hub or a topic. */
  readonly to: string;
  /** Send it to the buffer. When the promise resolves, the buffer has accepted it. */
  send(): Promise<unknown>;
}

/** Dead letters that are deleted together: those of one message, blob or object. */
export interface Parcel {
  readonly letters: readonly Letter[];
  /** Delete it, unless it has changed since it was read. */
  remove(): Promise<unknown>;
}

/** Where events are written that could not be processed. */
export interface DeadLetter {
  readonly name: string;
  /** Every parcel, one after the other. */
  parcels(): AsyncIterable<Parcel>;
  /** Release what was read and not deleted, so that other readers receive it at once. */
  release(): Promise<void>;
}

/** The dead letters, and where to send their events. */
export interface Places {
  readonly deadLetters: readonly string[];
  /** Where every event is sent. */
  readonly to?: string;
  /** Where an event is sent whose source is unknown. */
  readonly otherwise?: string;
}

/** The `partitionkey` and the `id` of an event, for the key in the buffer. */
export function partitionKeyOf(bytes: Buffer): { readonly partitionkey?: string; readonly id?: string } {
  try {
    const { partitionkey, id } = JSON.parse(bytes.toString());
    return { partitionkey: text(partitionkey), id: text(id) };
  } catch {
    return {};
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A dead letter that a handler wrote. */
export interface Written {
  readonly reason: string;
  readonly position: Readonly<Record<string, string>>;
  readonly payload: string;
  readonly encoding: 'text' | 'base64';
  readonly part?: number;
  readonly parts?: number;
}

/** Parse a dead letter of a handler. @returns `undefined` if it is something else */
export function readWritten(json: string): Written | undefined {
  const value = parsed(json) as Partial<Written> | undefined;
  return typeof value?.payload === 'string' && typeof value.reason === 'string' && typeof value.position === 'object'
    ? (value as Written)
    : undefined;
}

export function parsed(json: string): unknown {
  try {
    return JSON.parse(json) ?? undefined;
  } catch {
    return undefined;
  }
}

export function bytesOf({ payload, encoding }: Pick<Written, 'payload' | 'encoding'>): Buffer {
  return Buffer.from(payload, encoding === 'base64' ? 'base64' : 'utf8');
}
