import type { Construct } from 'constructs';
import { ask } from '../../../shared/synth/ask';
import { packageHandler } from '../../../shared/synth/handler-package';
import { AzurePlatform, type AzurePlatformProps } from '../../foundation/platform';
import { listCommand } from '../../foundation/storage/list-command';
import { FunctionProcessor } from '../../processing/functions/function-processor';
import { BlobStore } from '../../store/blob/blob-store';
import { EventHubBuffer } from '../event-hub/event-hub-buffer';
import { CERTIFICATE } from './hub-rules';
import { IotHubEntry } from './iot-hub-entry';

/** Devices sign in to IoT Hub with certificates. Their events are kept as they came, buffered by Event Hubs, processed by Functions, and stored in Blob Storage. */
export class AzureIotHub extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;
    const authority = ask(this, 'device_authority', CERTIFICATE, {
      description: 'The certificate of the authority that signs the certificates of devices, as PEM, such as file("ca.pem").',
    });

    const store = new BlobStore(this, 'Store', { site, removal, notify });
    const archive = new BlobStore(this, 'Archive', { site, name: 'raw', removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new IotHubEntry(this, 'Connect', {
      site,
      sink: buffer,
      archive,
      certificateAuthorities: { devices: authority },
      removal,
      notify,
    });
    const processing = new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      source: buffer,
      stores: { STORE: store },
      deadLetter: store.deadLetter,
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
      settle_command: [
        processing.settleCommand,
        'Deletes the app settings that keep the app from starting. An apply runs it: run it only after another tool changed the app.',
      ],
      publish_command: [processing.publishCommand, 'Publishes the code again. Run it in the folder of this stack.'],
      show_command: [list(store, store.container.name), 'Lists what was stored. You need the role Storage Blob Data Reader to run it.'],
      archive_command: [list(archive, archive.container.name), 'Lists the messages as they came. You need the same role to run it.'],
      dead_letters_command: [
        list(store, store.deadLetterContainer.name),
        'Lists what could not be processed. You need the same role to run it.',
      ],
    });
  }
}
