import type { Construct } from 'constructs';
import { EventHubBuffer } from '../../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../foundation/platform';
import { listCommand } from '../../foundation/storage/list-command';
import { BlobStore } from '../../store/blob/blob-store';
import { StreamAnalyticsProcessor } from './stream-analytics-processor';

/** Events arrive over HTTPS, are buffered by Event Hubs, and stored as Parquet in Blob Storage by Stream Analytics, without code. */
export class AzureStreamAnalytics extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BlobStore(this, 'Store', { site, removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    const processing = new StreamAnalyticsProcessor(this, 'Processing', { site, source: buffer, outputs: { store }, notify });

    this.output({
      events_url: [connect.url, 'Send events here, with a Microsoft Entra token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the senders to run it.'],
      state_command: [processing.stateCommand, 'Shows whether the job runs, and when it wrote last. Set resume after it has written.'],
      show_command: [
        listCommand(store.accountName, store.container.name),
        'Lists what was stored. You need the role Storage Blob Data Reader to run it.',
      ],
    });
  }
}
