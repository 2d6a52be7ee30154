import type { OpenTerraform } from '../template/open-terraform';
import { TokenIssuer } from './identity/oidc';

/** A push endpoint. */
export interface Endpoint {
  /** How many concurrent calls it accepts. */
  readonly concurrency: number;
}

/** A process that writes. */
export interface Writer {
  kill(): Promise<void>;
  /** Suspend it until its time limit ends it. */
  stall(): Promise<void>;
}

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

  constructor(
    { terraform, known }: OpenTerraform,
    /** The folder of the stack. */
    readonly folder: string,
  ) {
    this.terraform = terraform;
    this.known = known;
  }
}
