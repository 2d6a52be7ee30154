import type { Construct } from 'constructs';
import { ask } from '../../shared/synth/ask';
import { packageHandler } from '../../shared/synth/handler-package';
import { StorageQueueBuffer } from '../buffer/storage-queue/storage-queue-buffer';
import { EventHubBuffer } from '../connect/event-hub/event-hub-buffer';
import { CERTIFICATE } from '../connect/iot-hub/hub-rules';
import { IotHubEntry } from '../connect/iot-hub/iot-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../foundation/platform';
import { listCommand } from '../foundation/storage/list-command';
import { FunctionProcessor } from '../processing/functions/function-processor';
import { BlobStore } from '../store/blob/blob-store';
import { CosmosStore } from '../store/cosmos/cosmos-store';

/** Tiered data for analytics: every message of a site goes to the archive tier, a function near the source keeps what matters, and a queue takes that to a function that stores it as rows of Cosmos DB. */
export class AzureTieredData extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;
    const authority = ask(this, 'device_authority', CERTIFICATE, {
      description: 'The certificate of the authority that signs the certificates of devices, as PEM, such as file("ca.pem").',
    });

    const archive = new BlobStore(this, 'StoreArchive', { site, name: 'bulk', redundancy: 'GRS', archiveAfterDays: 30, removal, notify });
    const filtered = new BlobStore(this, 'StoreFiltered', { site, removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new IotHubEntry(this, 'Connect', {
      site,
      sink: buffer,
      archive,
      certificateAuthorities: { devices: authority },
      removal,
      notify,
    });
    new FunctionProcessor(this, 'ProcessingFilter', {
      site,
      name: 'near',
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      source: buffer,
      stores: { STORE: filtered },
      deadLetter: filtered.deadLetter,
      notify,
    });

    const queue = new StorageQueueBuffer(this, 'BufferFiltered', { site, removal, notify });
    filtered.deliverCreated(queue);
    const rows = new CosmosStore(this, 'Store', { site, removal, notify });
    new FunctionProcessor(this, 'Processing', {
      site,
      name: 'rows',
      code: packageHandler('azure/handlers/blob-by-storage-queue-to-cosmos'),
      source: filtered.readCreated(queue),
      stores: { STORE: rows },
      deadLetter: filtered.deadLetter,
      notify,
    });

    const list = ({ accountName }: BlobStore, container: string) => listCommand(accountName, container);
    this.output({
      device_host: [connect.host, 'Devices connect to this host.'],
      register_command: [
        connect.registerCommand,
        'Registers a device. You need the role IoT Hub Registry Contributor on the hub to run it.',
      ],
      send_command: [
        connect.sendCommand,
        'Sends one event as this device, with its certificate press-7.pem and its private key press-7.key.',
      ],
      show_command: [
        list(filtered, filtered.container.name),
        'Lists what the filter kept. You need the role Storage Blob Data Reader to run it.',
      ],
      archive_command: [list(archive, archive.container.name), 'Lists every message as it came. You need the same role to run it.'],
      dead_letters_command: [
        list(filtered, filtered.deadLetterContainer.name),
        'Lists what could not be processed. You need the same role to run it.',
      ],
    });
  }
}
