import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { EventHubBuffer } from '../../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../foundation/platform';
import { listCommand } from '../../foundation/storage/list-command';
import { FunctionProcessor } from '../../processing/functions/function-processor';
import { StorageTableStore } from './storage-table-store';

/** Events arrive over HTTPS, are buffered by Event Hubs, processed by Functions, and stored as rows in Table Storage, where they are looked up by key. */
export class AzureStorageTable extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new StorageTableStore(this, 'Store', { site, removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, schemaFormat: 'Json', removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/event-hubs-to-storage-table'),
      source: buffer,
      stores: { STORE: store },
      deadLetter: store.deadLetter,
      notify,
    });

    this.output({
      events_url: [connect.url, 'Send events here, with a Microsoft Entra token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the senders to run it.'],
      register_schema_command: [
        buffer.schemas!.registerCommand,
        'Registers a schema, such as shared/runtime/event.schema.json. You need the role Schema Registry Contributor to run it.',
      ],
      show_command: [store.showCommand, 'Shows what was stored. You need the role Storage Table Data Reader to run it.'],
      dead_letters_command: [
        listCommand(store.accountName, store.deadLetterContainer.name),
        'Lists what could not be processed. You need the role Storage Blob Data Reader to run it.',
      ],
    });
  }
}
