import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { EventHubEntry } from '../../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../foundation/platform';
import { listCommand } from '../../foundation/storage/list-command';
import { FunctionProcessor } from '../../processing/functions/function-processor';
import { BlobStore } from '../../store/blob/blob-store';
import { ServiceBusBuffer } from './service-bus-buffer';

/** Events arrive over HTTPS, are queued by Service Bus, processed by Functions, and stored as lines of JSON in Blob Storage. */
export class AzureServiceBus extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BlobStore(this, 'Store', { site, removal, notify });
    const buffer = new ServiceBusBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    const processing = new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/service-bus-to-blob'),
      source: buffer,
      stores: { STORE: store },
      deadLetter: store.deadLetter,
      notify,
    });

    const list = (container: string) => listCommand(store.accountName, container);
    this.output({
      events_url: [connect.url, 'Send events here, with a Microsoft Entra token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the senders to run it.'],
      settle_command: [
        processing.settleCommand,
        'Deletes the app settings that keep the app from starting. An apply runs it: run it only after another tool changed the app.',
      ],
      publish_command: [processing.publishCommand, 'Publishes the code again. Run it in the folder of this stack.'],
      show_command: [list(store.container.name), 'Lists what was stored. You need the role Storage Blob Data Reader to run it.'],
      dead_letters_command: [list(store.deadLetterContainer.name), 'Lists what could not be processed. You need the same role to run it.'],
    });
  }
}
