import type { ContainerClient } from '@azure/storage-blob';
import type { OpenTerraform } from '../template/open-terraform';
import type { Credential } from './identity/credential';
import { Tokens } from './identity/tokens';

/** A hub on this machine. */
export interface Hub {
  /** The host of its namespace in the cloud. */
  readonly host: string;
  readonly name: string;
  readonly port: number;
  /** The consumer groups beside `$Default`. */
  readonly consumerGroups: readonly string[];
}

/** Whoever reads the hub. */
export interface HubReader {
  /** How many events of a partition are done with: processed, or given up. */
  doneWith(partition: string): number;
}

/** A process that writes. */
export interface Writer {
  kill(): Promise<void>;
  /** Stop it where it stands, until its time is over. */
  stall(): Promise<void>;
}

/** Blob Storage on this machine. */
export interface Blobs {
  /** The names of the storage accounts. */
  readonly accounts: readonly string[];
  /** The file of the certificate that its clients must trust. */
  readonly certificate: string;
  /** The client of a container, which is made when it is not there. */
  container(account: string, name: string, as: Credential): Promise<ContainerClient>;
}

/** A template of Azure, and what its parts offer each other. */
export class Site {
  readonly terraform: OpenTerraform['terraform'];
  readonly known: OpenTerraform['known'];
  readonly tokens = new Tokens();
  hub?: Hub;
  blobs?: Blobs;
  readonly readers: HubReader[] = [];
  readonly writers: Writer[] = [];
  /** The settings by which whoever replays is let in, and the address of the hub's door. */
  readonly replays: Record<string, string> = {};
  door?: string;

  constructor(
    { terraform, known }: OpenTerraform,
    /** The folder of the stack. */
    readonly folder: string,
  ) {
    this.terraform = terraform;
    this.known = known;
  }
}
