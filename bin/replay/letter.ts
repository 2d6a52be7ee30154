/** An event in a dead letter. */
export interface Letter {
  /** The same at each reading, and of no other letter. */
  readonly id: string;
  readonly reason: string;
  /** When it was given up. */
  readonly givenUp: Date;
  /** Where it goes: a stream, a queue, a hub, a topic. */
  readonly to: string;
  /** Hand it to the buffer. Once this is over, the buffer has it. */
  send(): Promise<unknown>;
}

/** Letters that are deleted at once: a message, a blob, an object. */
export interface Parcel {
  readonly letters: readonly Letter[];
  /** Delete it. What has changed since it was read stays. */
  remove(): Promise<unknown>;
}

/** A place in which events end that could not be processed. */
export interface DeadLetter {
  readonly name: string;
  /** Every parcel, one by one. */
  parcels(): AsyncIterable<Parcel>;
  /** Let go of what was read and not deleted, so that others see it at once. */
  release(): Promise<void>;
}

/** Whoever replays needs to know where, and by what settings. */
export interface Places {
  readonly deadLetters: readonly string[];
  readonly to?: string;
}

/** The key that keeps the order of an event: the `partitionkey` that its sender gave. */
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

/** What a handler wrote of a record. */
export interface Written {
  readonly reason: string;
  readonly position: Readonly<Record<string, string>>;
  readonly payload: string;
  readonly encoding: 'text' | 'base64';
  readonly part?: number;
  readonly parts?: number;
}

/** Read what a handler wrote. @returns nothing where it is something else */
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
