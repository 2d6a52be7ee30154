import type { ContainerClient } from '@azure/storage-blob';
import type { OpenTerraform } from '../template/open-terraform';
import { type CertificateFiles, certificateIn } from './foundation/certificate';
import type { Credential } from './identity/credential';
import { Tokens } from './identity/tokens';

/** An emulated hub. */
export interface Hub {
  /** The host of its namespace in the cloud. */
  readonly host: string;
  readonly name: string;
  readonly port: number;
  /** The consumer groups in addition to `$Default`. */
  readonly consumerGroups: readonly string[];
}

/** A reader of the hub. */
export interface HubReader {
  /** How many events of a partition are processed, or failed after all retries. */
  doneWith(partition: string): number;
}

/** A process that writes. */
export interface Writer {
  kill(): Promise<void>;
  /** Suspend it until its time limit ends it. */
  stall(): Promise<void>;
}

/** The emulated Blob Storage. */
export interface Blobs {
  /** The names of the storage accounts. */
  readonly accounts: readonly string[];
  /** The file of the certificate that its clients must trust. */
  readonly certificate: string;
  /** The client of a container, which is created if it does not exist. */
  container(account: string, name: string, as: Credential): Promise<ContainerClient>;
}

/** A template of Azure, and what its parts provide to each other. */
export class Site {
  readonly terraform: OpenTerraform['terraform'];
  readonly known: OpenTerraform['known'];
  readonly tokens = new Tokens();
  hub?: Hub;
  blobs?: Blobs;
  readonly readers: HubReader[] = [];
  readonly writers: Writer[] = [];
  /** The environment variables that a replay needs for access. */
  readonly replays: Record<string, string> = {};
  /** The address to send events to. */
  door?: string;
  private tls?: CertificateFiles;

  constructor(
    { terraform, known }: OpenTerraform,
    /** The folder of the stack. */
    readonly folder: string,
  ) {
    this.terraform = terraform;
    this.known = known;
  }

  /** The certificate of the services of storage accounts: an app trusts one. It is created at the first call, in `folder`. */
  certificateIn(folder: string): CertificateFiles {
    this.tls ??= certificateIn(folder);
    return this.tls;
  }
}
