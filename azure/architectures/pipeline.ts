import type { Construct } from 'constructs';
import { packageHandler } from '../../shared/synth/handler-package';
import { EventHubBuffer } from '../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../foundation/platform';
import { FunctionProcessor } from '../processing/functions/function-processor';
import { BlobStore } from '../store/blob/blob-store';

/** Events come in over HTTPS, are buffered by Event Hubs, processed by Functions, and end as lines of JSON in Blob Storage. */
export class AzurePipeline extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BlobStore(this, 'Store', { site, removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    const processing = new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      source: buffer,
      stores: { STORE: store },
      deadLetter: store.deadLetter,
      notify,
    });

    const list = (container: string) =>
      `az storage blob list --auth-mode login --account-name ${store.accountName} --container-name ${container} --query '[].name' --output tsv`;
    this.output({
      events_url: [connect.url, 'Send events here, with a token of Entra.'],
      send_command: [connect.curl, 'Sends one event. Whoever runs it must be one of the senders.'],
      settle_command: [processing.settleCommand, 'Lets the app start after a change from elsewhere: an apply does it by itself.'],
      publish_command: [processing.publishCommand, 'Publishes the code again. Run it in the folder of this stack.'],
      show_command: [list(store.container.name), 'Lists what was stored. Whoever runs it needs the role Storage Blob Data Reader.'],
      dead_letters_command: [list(store.deadLetterContainer.name), 'Lists what could not be processed. It needs the same role.'],
    });
  }
}
