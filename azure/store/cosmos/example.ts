import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { EventHubBuffer } from '../../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../foundation/platform';
import { listCommand } from '../../foundation/storage/list-command';
import { FunctionProcessor } from '../../processing/functions/function-processor';
import { BlobStore } from '../blob/blob-store';
import { CosmosStore } from './cosmos-store';

/** Events arrive over HTTPS, are buffered by Event Hubs, processed by Functions, and stored as rows in Cosmos DB; its changes are stored in Blob Storage. */
export class AzureCosmos extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new CosmosStore(this, 'Store', { site, removal, notify });
    const history = new BlobStore(this, 'StoreHistory', { site, removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    const { deadLetter } = history;
    new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/event-hubs-to-cosmos'),
      source: buffer,
      stores: { STORE: store },
      deadLetter,
      notify,
    });
    new FunctionProcessor(this, 'ProcessingChanges', {
      site,
      name: 'feed',
      code: packageHandler('azure/handlers/cosmos-to-blob'),
      source: store.changes,
      stores: { STORE: history },
      deadLetter,
      notify,
    });

    this.output({
      events_url: [connect.url, 'Send events here, with a Microsoft Entra token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the senders to run it.'],
      show_command: [
        listCommand(history.accountName, history.container.name),
        'Lists the stored changes. You need the role Storage Blob Data Reader to run it.',
      ],
    });
  }
}
