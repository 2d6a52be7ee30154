import type { Chaos } from './chaos';
import type { AsRead, Tree } from './contents';
import type { Coverage } from './coverage';
import type { Made } from './made';
import type { Pace } from './pace';

/**
 * The response of the service that receives events.
 *
 * `position` is the unique position of the event in the buffer, in the terms of its cloud.
 */
export type Receipt = { readonly accepted: true; readonly position: string } | { readonly accepted: false; readonly reason: string };

/** A row of the store, as a reader gets it. */
export interface StoredRow {
  /** `source` and `id` of its event, if the transform kept them. */
  readonly event?: EventName;
  /** The whole row as text. Two rows with the same text are duplicates. */
  readonly text: string;
  /**
   * The content of the row, without columns that the store adds.
   * @default - the text, parsed as JSON
   */
  readonly content?: Tree;
  /** The object or the table that has the row. */
  readonly place: string;
}

/** The identity of an event: two events with the same `source` and `id` are one event, sent twice. */
export interface EventName {
  readonly source: string;
  readonly id: string;
}

/** An event in the dead letter. */
export interface Letter {
  /** The event as it was sent. */
  readonly bytes: Buffer;
  readonly reason: string;
  readonly place: string;
}

/**
 * Gets each step of a run. A platform reports what its services did, not what the template expects.
 */
export interface Witness {
  /**
   * An event was received that the run did not send.
   * @returns a function that gets the response
   */
  arrived(body: Buffer): (receipt: Receipt) => void;
  /**
   * The platform itself sent an event, such as that of a new object, and a buffer accepted it.
   * @param kind the kind of event, in one or two words
   */
  made(kind: string, body: Buffer, position: string): void;
  /** A batch is delivered to the handler. `attempt` starts at 1. */
  delivered(batch: { readonly positions: readonly string[]; readonly attempt: number; readonly from: string }): void;
  /** The call of the handler ended, or was stopped. */
  answered(batch: {
    readonly positions: readonly string[];
    readonly outcome: 'settled' | 'again' | 'given up';
    readonly why?: string;
  }): void;
  /** Rows were written to the store. */
  stored(rows: readonly StoredRow[]): void;
  /** An event was written to the dead letter. */
  deadLettered(letter: Letter): void;
  /** Another incident, in one line: a process was restarted, a batch was delivered twice. */
  incident(text: string): void;
  /** A permanent error: the run ends with this line. */
  broken(why: string): void;
  /** A line that the handler wrote. */
  log(line: string): void;
}

/** One of several readers that each get events of their own choice, such as a subscriber of a topic. */
export interface Branch {
  readonly name: string;
  /** Whether it got an event, by the hash of its bytes. */
  takes(hash: string): boolean;
  /** Whether the place of a row or of a dead letter is one of its own. */
  has(place: string): boolean;
  /**
   * What its store must have of an event.
   * @default - the rows that the transform returns
   */
  readonly make?: (body: Buffer) => Made;
  /**
   * The form in which a reader of its store gets a row.
   * @default - that of the platform
   */
  readonly asRead?: AsRead;
}

/** Where the user finds the stored data. */
export interface Places {
  /** A command that sends an event while the platform runs. */
  readonly send: string;
  /** The store: a folder, or a command that queries the table. */
  readonly store: string;
  /** The dead letter: a folder or a command. */
  readonly deadLetter: string;
}

/** The command that replays a local dead letter: `npm run replay` with these environment variables and arguments. */
export interface Replay {
  readonly settings: Readonly<Record<string, string>>;
  readonly words: readonly string[];
}

/** A running local platform, built from the synthesized template of one cloud. */
export interface Platform {
  readonly places: Places;
  /** One for each dead letter that can be replayed while the platform runs. */
  readonly replays: readonly Replay[];
  /** Send one event, as a client does. If the receiving service is broken, the promise is rejected. */
  send(body: Buffer): Promise<Receipt>;
  /** How many accepted events are neither processed nor in the dead letter, according to the buffer. */
  unsettled(): number;
  /** Every row of the store, including duplicates. */
  rows(): AsyncIterable<StoredRow>;
  /** The rows without duplicates, if the template has a view or a key for that. */
  readonly uniqueRows?: () => AsyncIterable<StoredRow>;
  /**
   * The form in which a reader of the store gets a row.
   * @default - as the transform returns it
   */
  readonly asRead?: AsRead;
  /**
   * What the store must have of an event.
   * @default - the rows that the transform returns
   */
  readonly make?: (body: Buffer) => Made;
  /**
   * Readers that must each have every event that they got.
   * @default - there is one reader, which must have every event
   */
  readonly branches?: readonly Branch[];
  /** Every event in the dead letter. If a dead letter has only a position, the event is read from the buffer. */
  letters(): Promise<readonly Letter[]>;
  /** End every process and close every server. Files are kept. */
  stop(): Promise<void>;
}

/** What a platform needs to start. */
export interface Surroundings {
  /** An empty folder for all its files. */
  readonly folder: string;
  readonly witness: Witness;
  readonly chaos: Chaos;
  readonly pace: Pace;
}

/** A synthesized template that was read and checked, and can be started. */
export interface Blueprint {
  readonly coverage: Coverage;
  /** The settings that are added or replaced so that the handler finds the emulators, one line each: `AWS_ENDPOINT_URL_S3 = the stand-in`. */
  readonly overrides: readonly string[];
  start(surroundings: Surroundings): Promise<Platform>;
}

/**
 * Reads the synthesized files of one cloud. `folder` is the cloud assembly, or the folder of the stack with `cdk.tf.json`.
 * @throws RefusedError if the template needs something that the local run does not support
 */
export type ReadBlueprint = (folder: string) => Promise<Blueprint>;

/** The template needs something that the local run does not support. The message has the path and what to do. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';

  constructor(
    readonly path: string,
    readonly why: string,
  ) {
    super(`${path}: ${why}`);
  }
}

/** The template needs a service that has no emulator here. This is not an error of the template. */
export class NotRunHere extends RefusedError {}

/** @throws NotRunHere if a service of the template has no emulator here */
export function requireParts(coverage: Coverage) {
  const missing = coverage.filter(({ treatment }) => treatment === 'not run here');
  if (missing.length === 0) return;
  const services = new Set(missing.map(({ type }) => serviceOf(type)));
  const reasons = new Set(missing.map(({ why }) => why!));
  throw new NotRunHere([...services].join(', '), `${[...reasons].join('; ')}.`);
}

/** @throws RefusedError if a property of the template is refused */
export function requireCovered(coverage: Coverage) {
  const refused = coverage.find(({ treatment }) => treatment === 'refused');
  if (refused)
    throw new RefusedError([refused.type, refused.resource, refused.property].filter(Boolean).join(' '), refused.why ?? 'it is refused');
}

/** `DynamoDB` for `AWS::DynamoDB::Table`. A Terraform type does not show where the name of the service ends, so it is returned whole. */
function serviceOf(type: string): string {
  return type.split('::')[1] ?? type;
}
