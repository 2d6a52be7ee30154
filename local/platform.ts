import type { Chaos } from './chaos';
import type { AsRead, Tree } from './contents';
import type { Coverage } from './coverage';
import type { Pace } from './pace';

/**
 * How a client is answered at the front door.
 *
 * `position` is where the event stands in the buffer, in the words of its cloud. No two events share one.
 */
export type Receipt = { readonly accepted: true; readonly position: string } | { readonly accepted: false; readonly reason: string };

/** A row of the store, as a reader finds it. */
export interface StoredRow {
  /** Who the row says it came from: `source` and `id` of its event. A transform may have dropped them. */
  readonly event?: EventName;
  /** The whole row as text. Two rows with the same text are one row, written twice. */
  readonly text: string;
  /**
   * What the row says, without what the store adds.
   * @default - the text, read as JSON
   */
  readonly content?: Tree;
  /** The object or the table it lies in. */
  readonly place: string;
}

/** What names an event: two events with both alike are one event, sent twice. */
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
 * Sees what happens, as it happens. A platform reports what its services did, and never what the template says they should.
 */
export interface Witness {
  /**
   * An event comes in at the front door, and the run did not send it.
   * @returns who hears how it is answered
   */
  arrived(body: Buffer): (receipt: Receipt) => void;
  /** A batch goes to the handler. `attempt` counts from 1. */
  delivered(batch: { readonly positions: readonly string[]; readonly attempt: number; readonly from: string }): void;
  /** The call of the handler ended, or was ended. */
  answered(batch: {
    readonly positions: readonly string[];
    readonly outcome: 'settled' | 'again' | 'given up';
    readonly why?: string;
  }): void;
  /** Rows were written to the store. */
  stored(rows: readonly StoredRow[]): void;
  /** An event was written to the dead letter. */
  deadLettered(letter: Letter): void;
  /** Something else that a watcher should see, in one line: a process that was started again, a batch that was brought twice. */
  incident(text: string): void;
  /** Something is broken for good, so that nothing will ever be settled: the run ends with this line. */
  broken(why: string): void;
  /** A line that the handler wrote. */
  log(line: string): void;
}

/** Where a person finds what was stored. */
export interface Places {
  /** How to send an event by hand: a command that works while the platform is up. */
  readonly send: string;
  /** The store: a folder, or a command that queries the table. */
  readonly store: string;
  /** The dead letter: a folder or a command. */
  readonly deadLetter: string;
}

/** How a dead letter of this machine is replayed: `npm run replay` with these settings and words. */
export interface Replay {
  readonly settings: Readonly<Record<string, string>>;
  readonly words: readonly string[];
}

/** One cloud, as its synthesized template describes it, alive on this machine. */
export interface Platform {
  readonly places: Places;
  /** For each dead letter that can be replayed while the platform is up. */
  readonly replays: readonly Replay[];
  /** Hand one event to the front door, as a client does. A front door that is broken rejects the promise. */
  send(body: Buffer): Promise<Receipt>;
  /** How many accepted events are not settled yet: neither done nor in the dead letter, as far as the buffer knows. */
  unsettled(): number;
  /** Every row that a reader of the store finds, duplicates and all. */
  rows(): AsyncIterable<StoredRow>;
  /** The rows without those that were written twice, where the template offers something for it. */
  readonly uniqueRows?: () => AsyncIterable<StoredRow>;
  /**
   * How a reader of the store finds a row that a transform made.
   * @default - as it was made
   */
  readonly asRead?: AsRead;
  /** Everything in the dead letter. Positions without payload are looked up in the buffer, as a person would. */
  letters(): Promise<readonly Letter[]>;
  /** End every process, close every server. Files stay. */
  stop(): Promise<void>;
}

/** What a platform is started with. */
export interface Surroundings {
  /** An empty folder for whatever it writes. */
  readonly folder: string;
  readonly witness: Witness;
  readonly chaos: Chaos;
  readonly pace: Pace;
}

/** A synthesized template that was read and judged, and is ready to be started. */
export interface Blueprint {
  readonly coverage: Coverage;
  /** What is set or replaced so that the handler finds the stand-ins, one line each: `AWS_ENDPOINT_URL_S3 = the stand-in`. */
  readonly overrides: readonly string[];
  start(surroundings: Surroundings): Promise<Platform>;
}

/**
 * Reads what was synthesized for one cloud. `folder` is the cloud assembly, or the folder of the stack with `cdk.tf.json`.
 * @throws RefusedError when the template needs what this runner does not offer
 */
export type ReadBlueprint = (folder: string) => Promise<Blueprint>;

/** Says in one line what the template asks for and this runner does not offer: the path, and what to do. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';

  constructor(
    readonly path: string,
    readonly why: string,
  ) {
    super(`${path}: ${why}`);
  }
}

/** The template needs a service that nothing here stands in for. Nothing is wrong with it. */
export class NotRunHere extends RefusedError {}

/** @throws NotRunHere when nothing here stands in for a service of the template */
export function requireParts(coverage: Coverage) {
  const missing = coverage.filter(({ treatment }) => treatment === 'not run here');
  if (missing.length === 0) return;
  const services = new Set(missing.map(({ type }) => serviceOf(type)));
  const reasons = new Set(missing.map(({ why }) => why!));
  throw new NotRunHere([...services].join(', '), [...reasons].join(' '));
}

/** @throws RefusedError when something of the template is refused */
export function requireCovered(coverage: Coverage) {
  const refused = coverage.find(({ treatment }) => treatment === 'refused');
  if (refused)
    throw new RefusedError([refused.type, refused.resource, refused.property].filter(Boolean).join(' '), refused.why ?? 'it is refused');
}

/** `DynamoDB` of `AWS::DynamoDB::Table`. In Terraform nothing says where the name of a service ends, so the whole type is told. */
function serviceOf(type: string): string {
  return type.split('::')[1] ?? type;
}
