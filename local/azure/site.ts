import type { ContainerClient } from '@azure/storage-blob';
import type { Surroundings } from '../platform';
import type { OpenTerraform } from '../template/open-terraform';
import { type CertificateFiles, certificateIn } from './foundation/certificate';
import type { Tree } from './functions/host-config';
import type { Credential } from './identity/credential';
import { Tokens } from './identity/tokens';

/** A process that writes. */
export interface Writer {
  kill(): Promise<void>;
  /** Suspend it until its time limit ends it. */
  stall(): Promise<void>;
}

/** What the Functions host needs to run an app. */
export interface HostSetup extends Surroundings {
  /** The folder of the unpacked package. */
  readonly folder: string;
  /** The complete environment of the app. */
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  /** `host.json`, with the app settings that override it. */
  readonly tree: Tree;
  /** The client ids of the identities of the app. */
  readonly clientIds: readonly string[];
  /** The storage account of the host, and the identity that has access to it. */
  readonly storage: { readonly account: string; readonly clientId: string };
  /** The credential of an identity of the app. */
  as(clientId: string): Credential;
}

/**
 * Starts the Functions host for the trigger of a service.
 * @throws RefusedError if the trigger does not fit the rest of the template
 */
export type StartHost = (setup: HostSetup) => Promise<Writer & { close(): Promise<void> }>;

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
  blobs?: Blobs;
  /** How the Functions host reads each source of events in the template. */
  readonly sources: StartHost[] = [];
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
