import type { OpenTerraform } from '../template/open-terraform';
import { TokenIssuer } from './identity/oidc';

/** Something that messages are pushed to. */
export interface Endpoint {
  /** How many calls it takes at a time. */
  readonly concurrency: number;
}

/** A process that writes. */
export interface Writer {
  kill(): Promise<void>;
  /** Stop it where it stands, until its time is over. */
  stall(): Promise<void>;
}

/** A template of Google Cloud, and what its parts offer each other. */
export class Site {
  readonly terraform: OpenTerraform['terraform'];
  readonly known: OpenTerraform['known'];
  readonly issuer = new TokenIssuer();
  /** The settings by which clients find a stand-in. */
  readonly clients: Record<string, string> = {};
  /** By their address. */
  readonly endpoints = new Map<string, Endpoint>();
  readonly writers: Writer[] = [];

  constructor(
    { terraform, known }: OpenTerraform,
    /** The folder of the stack. */
    readonly folder: string,
  ) {
    this.terraform = terraform;
    this.known = known;
  }
}
