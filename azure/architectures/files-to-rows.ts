import type { Construct } from 'constructs';
import { packageHandler } from '../../shared/synth/handler-package';
import { ServiceBusBuffer } from '../buffer/service-bus/service-bus-buffer';
import { EventHubBuffer } from '../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../foundation/platform';
import { listCommand } from '../foundation/storage/list-command';
import { FunctionProcessor } from '../processing/functions/function-processor';
import { BlobStore } from '../store/blob/blob-store';
import { CosmosStore } from '../store/cosmos/cosmos-store';

/** Events are kept as files in Blob Storage first. Each new file is a message of Service Bus, and its lines become rows of Cosmos DB. */
export class AzureFilesToRows extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const files = new BlobStore(this, 'StoreFiles', { site, removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    new FunctionProcessor(this, 'ProcessingFiles', {
      site,
      name: 'files',
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      source: buffer,
      stores: { STORE: files },
      deadLetter: files.deadLetter,
      notify,
    });
    const created = new ServiceBusBuffer(this, 'BufferCreated', { site, name: 'created', removal, notify });
    files.deliverCreated(created);
    const rows = new CosmosStore(this, 'Store', { site, removal, notify });
    new FunctionProcessor(this, 'Processing', {
      site,
      name: 'rows',
      code: packageHandler('azure/handlers/blob-by-service-bus-to-cosmos'),
      source: files.readCreated(created),
      stores: { STORE: rows },
      deadLetter: files.deadLetter,
      notify,
    });

    const list = (container: string) => listCommand(files.accountName, container);
    this.output({
      events_url: [connect.url, 'Send events here, with a Microsoft Entra token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the senders to run it.'],
      show_command: [list(files.container.name), 'Lists the files. You need the role Storage Blob Data Reader to run it.'],
      dead_letters_command: [list(files.deadLetterContainer.name), 'Lists what could not be processed. You need the same role to run it.'],
    });
  }
}
