import type { Construct } from 'constructs';
import { EventHubBuffer } from '../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../foundation/platform';
import { listCommand } from '../foundation/storage/list-command';
import { SPIKES_AND_DIPS } from '../processing/stream-analytics/spikes-and-dips';
import { StreamAnalyticsProcessor } from '../processing/stream-analytics/stream-analytics-processor';
import { BlobStore } from '../store/blob/blob-store';

/** Anomaly detection in real time: Stream Analytics watches the numbers in a hub, stores every event as Parquet, and sends spikes and dips to a second hub. */
export class AzureAnomalyDetection extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const store = new BlobStore(this, 'Store', { site, removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const alerts = new EventHubBuffer(this, 'Alerts', { site, name: 'alerts', namespaceId: buffer.namespaceId, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    const processing = new StreamAnalyticsProcessor(this, 'Processing', {
      site,
      source: buffer,
      outputs: { store, alerts },
      query: SPIKES_AND_DIPS,
      notify,
    });

    this.output({
      events_url: [connect.url, 'Send events with a number in data.value here, with a Microsoft Entra token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the senders to run it.'],
      alerts_hub: [alerts.hubId, 'The hub of the alerts. Read it with a FunctionProcessor, or with any reader that you bind to it.'],
      state_command: [processing.stateCommand, 'Shows whether the job runs, and when it wrote last. Set resume after it has written.'],
      show_command: [
        listCommand(store.accountName, store.container.name),
        'Lists what was stored. You need the role Storage Blob Data Reader to run it.',
      ],
    });
  }
}
