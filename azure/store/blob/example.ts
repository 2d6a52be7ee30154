import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { EventHubBuffer } from '../../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../foundation/platform';
import { listCommand } from '../../foundation/storage/list-command';
import { FunctionProcessor } from '../../processing/functions/function-processor';
import { BlobStore } from './blob-store';

/** Events over HTTPS are buffered, processed and stored as blobs for a year; each new blob is an event itself, and a line in a log of blobs. */
export class AzureBlob extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BlobStore(this, 'Store', { site, expireAfterDays: 365, removal, notify });
    const log = new BlobStore(this, 'StoreLog', { site, name: 'log', removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const created = new EventHubBuffer(this, 'BufferCreated', { site, name: 'created', removal, notify });
    store.deliverCreated(created);
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    const code = packageHandler('azure/handlers/event-hubs-to-blob');
    new FunctionProcessor(this, 'Processing', {
      site,
      code,
      source: buffer,
      stores: { STORE: store },
      deadLetter: store.deadLetter,
      notify,
    });
    new FunctionProcessor(this, 'ProcessingCreated', {
      site,
      name: 'index',
      code,
      source: created,
      stores: { STORE: log },
      deadLetter: log.deadLetter,
      notify,
    });

    const list = (container: string) => listCommand(store.accountName, container);
    this.output({
      events_url: [connect.url, 'Send events here, with a Microsoft Entra token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the senders to run it.'],
      show_command: [list(store.container.name), 'Lists what was stored. You need the role Storage Blob Data Reader to run it.'],
      dead_letters_command: [list(store.deadLetterContainer.name), 'Lists what could not be processed. You need the same role to run it.'],
    });
  }
}
