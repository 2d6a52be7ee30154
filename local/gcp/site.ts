import type { AsRead } from '../contents';
import type { StoredRow } from '../platform';
import type { OpenTerraform } from '../template/open-terraform';
import { TokenIssuer } from './identity/oidc';

/** A push endpoint. */
export interface Endpoint {
  /** How many concurrent calls it accepts. */
  readonly concurrency: number;
  /** The start of the place of each row that it writes. Known when every part has begun. */
  readonly stores: string[];
}

/** A process that writes. */
export interface Writer {
  kill(): Promise<void>;
  /** Suspend it until its time limit ends it. */
  stall(): Promise<void>;
}

/** A message that Pub/Sub writes into a table itself. */
export interface TableMessage {
  readonly subscription: string;
  readonly messageId: string;
  readonly publishTime: Date;
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Writes a message into a table, as the service account with this email.
 * @returns why it is not written, or not known to be written; nothing if it is
 */
export type TableWriter = (message: TableMessage, email: string) => Promise<string | undefined>;

/**
 * Writes an object, as the service account with this email.
 * @returns why it is not written, or not known to be written; nothing if it is
 */
export type ObjectWriter = (name: string, content: Buffer, email: string) => Promise<string | undefined>;

/**
 * Publishes a message to a topic, as a service of Google.
 * @throws Error if the topic refuses it
 */
export type Publish = (data: Buffer, attributes: Readonly<Record<string, string>>) => void;

/** How the rows of an object are read. */
export type ReadObject = (content: Buffer, place: string) => readonly StoredRow[];

/** A template of Google Cloud, and what its parts provide to each other. */
export class Site {
  readonly terraform: OpenTerraform['terraform'];
  readonly known: OpenTerraform['known'];
  readonly issuer = new TokenIssuer();
  /** The environment variables with which clients find an emulator. */
  readonly clients: Record<string, string> = {};
  /** The push endpoints, by URL. */
  readonly endpoints = new Map<string, Endpoint>();
  readonly writers: Writer[] = [];
  /** The tables that Pub/Sub itself can write into, by `project.dataset.table`. */
  readonly tables = new Map<string, TableWriter>();
  /** The form in which a reader gets the rows of a table, by the start of their place. */
  readonly asRead = new Map<string, AsRead>();
  /** The buckets that Pub/Sub itself can write into, by name. */
  readonly buckets = new Map<string, ObjectWriter>();
  /** How objects that Pub/Sub itself writes are read, by the start of their place. */
  readonly objects = new Map<string, ReadObject>();
  /** The topics that other services can publish to, by `projects/p/topics/t`. */
  readonly topics = new Map<string, Publish>();

  constructor(
    { terraform, known }: OpenTerraform,
    /** The folder of the stack. */
    readonly folder: string,
  ) {
    this.terraform = terraform;
    this.known = known;
  }
}
