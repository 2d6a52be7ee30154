import { randomBytes } from 'node:crypto';
import { GUARD, sealed } from '../../seal';
import { Worker } from '../../worker';

/** Ends with whoever started it, and is azurite until then. */
const BOOT = `process.on('disconnect', () => process.exit()); require(${JSON.stringify(require.resolve('azurite/dist/src/blob/main.js'))});`;
const MEMORY_MIB = 2048;

/** How azurite is started. */
export interface AzuriteOptions {
  /** Where it may write. It keeps what it stores in memory. */
  readonly folder: string;
  /** Its accounts. They are opened with a token alone: nobody has their keys. */
  readonly accounts: readonly string[];
  /** The files of its certificate, and of the key to it. */
  readonly tls: { readonly cert: string; readonly key: string };
}

/** Azurite, Microsoft's own stand-in for Blob Storage, in a process of its own. */
export class Azurite {
  /** Its port, when it listens. */
  readonly port: Promise<number>;
  private readonly worker: Worker;

  constructor({ folder, accounts, tls }: AzuriteOptions) {
    const keys = accounts.map((account) => `${account}:${randomBytes(64).toString('base64')}`);
    const lines: string[] = [];
    let heard = (_port: number) => {};
    const listening = new Promise<number>((resolve) => {
      heard = resolve;
    });
    this.worker = new Worker({
      folder,
      command: [
        ...GUARD,
        ...['-e', BOOT, 'azurite'],
        ...['--blobHost', '127.0.0.1', '--blobPort', '0', '--oauth', 'basic', '--cert', tls.cert, '--key', tls.key],
        ...['--inMemoryPersistence', '--silent', '--disableTelemetry'],
      ],
      env: { ...sealed(folder), AZURITE_ACCOUNTS: keys.join(';') },
      memoryMiB: MEMORY_MIB,
      log: (line) => {
        lines.push(line);
        const [, port] = /successfully listens on https:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
        if (port) heard(Number(port));
      },
    });
    const gone = this.worker.gone.then(() => {
      throw new Error(`Azurite does not run: ${lines.join(' ')}`);
    });
    this.port = Promise.race([listening, gone]);
    // Who closes it before it listens does not wait for its port.
    this.port.catch(() => {});
    gone.catch(() => {});
  }

  async close(): Promise<void> {
    await this.worker.kill();
  }
}
