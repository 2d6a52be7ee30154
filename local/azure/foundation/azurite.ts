import { randomBytes } from 'node:crypto';
import { GUARD, sealed } from '../../seal';
import { Worker } from '../../worker';

const SERVICES = {
  blob: require.resolve('azurite/dist/src/blob/main.js'),
  queue: require.resolve('azurite/dist/src/queue/main.js'),
  table: require.resolve('azurite/dist/src/table/main.js'),
};
/** The program of the table service logs the port that it is told, which is 0. */
const LOGS_PORT = `
  const { default: Server } = require(${JSON.stringify(require.resolve('azurite/dist/src/table/TableServer.js'))});
  const { start } = Server.prototype;
  Server.prototype.start = async function () {
    await start.call(this);
    console.log('successfully listens on ' + this.getHttpServerAddress());
  };
`;
/** The library of its telemetry, which is off, takes longer to load than all the rest of it. */
const WITHOUT_TELEMETRY = `
  const Module = require('node:module');
  const { _load: load } = Module;
  Module._load = (name, ...rest) => (name === 'applicationinsights' ? {} : load(name, ...rest));
`;
/** Runs a service of azurite, and exits when its parent process ends. */
const bootOf = (service: keyof typeof SERVICES) =>
  `process.on('disconnect', () => process.exit()); ${WITHOUT_TELEMETRY} ${service === 'table' ? LOGS_PORT : ''} require(${JSON.stringify(SERVICES[service])});`;
const MEMORY_MIB = 2048;

/** The settings of azurite. */
export interface AzuriteOptions {
  /** @default blob */
  readonly service?: keyof typeof SERVICES;
  /** The folder that it may write to. It keeps data in memory. */
  readonly folder: string;
  /** Its storage accounts. Clients need a token: the account keys are random and not used. */
  readonly accounts: readonly string[];
  /** The files of its certificate and of the private key. */
  readonly tls: { readonly cert: string; readonly key: string };
}

/** One service of Azurite, Microsoft's emulator of storage accounts, in its own process. */
export class Azurite {
  /** Its port, as soon as it listens. */
  readonly port: Promise<number>;
  private readonly worker: Worker;

  constructor({ service = 'blob', folder, accounts, tls }: AzuriteOptions) {
    const keys = accounts.map((account) => `${account}:${randomBytes(64).toString('base64')}`);
    const lines: string[] = [];
    let resolvePort = (_port: number) => {};
    const listening = new Promise<number>((resolve) => {
      resolvePort = resolve;
    });
    this.worker = new Worker({
      folder,
      command: [
        ...GUARD,
        ...['-e', bootOf(service), 'azurite'],
        ...[`--${service}Host`, '127.0.0.1', `--${service}Port`, '0', '--oauth', 'basic', '--cert', tls.cert, '--key', tls.key],
        ...['--inMemoryPersistence', '--silent', '--disableTelemetry'],
      ],
      env: { ...sealed(folder), AZURITE_ACCOUNTS: keys.join(';') },
      memoryMiB: MEMORY_MIB,
      log: (line) => {
        lines.push(line);
        const [, port] = /successfully listens on https:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
        if (port) resolvePort(Number(port));
      },
    });
    const gone = this.worker.gone.then(() => {
      throw new Error(`Azurite does not run: ${lines.join(' ')}`);
    });
    this.port = Promise.race([listening, gone]);
    // If it is closed before it listens, nothing handles the rejection of its port.
    this.port.catch(() => {});
    gone.catch(() => {});
  }

  async close(): Promise<void> {
    await this.worker.kill();
  }
}
