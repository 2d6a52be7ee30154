import type { Construct } from 'constructs';
import { ask } from '../../../shared/synth/ask';
import { EventHubBuffer } from '../../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../foundation/platform';
import { PRINCIPAL_ID, Principal } from '../../foundation/principal';
import { StreamAnalyticsProcessor } from '../../processing/stream-analytics/stream-analytics-processor';
import { DataLakeStore } from '../../store/data-lake/data-lake-store';
import { ADMINISTRATOR } from './capacity-rules';
import { FabricCapacity } from './fabric-capacity';

/** Events are buffered by Event Hubs, stored as Parquet in a data lake by Stream Analytics, and read by the reports of a Fabric capacity: about 260 dollars a month until it is paused. */
export class AzureFabric extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const lake = new DataLakeStore(this, 'Store', { site, removal, notify });
    const served = lake.zone('served');
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    const processing = new StreamAnalyticsProcessor(this, 'Processing', { site, source: buffer, outputs: { served }, notify });
    const administrator = ask(this, 'administrator', ADMINISTRATOR, {
      description: 'Who administrates the Fabric capacity: a user principal name, or the object id of a service principal.',
    });
    const principalId = ask(this, 'readers', PRINCIPAL_ID, { description: 'The object id of the group that builds reports.' });
    const readers = new Principal(this, 'Readers', { principalId, principalType: 'Group' });
    const view = new FabricCapacity(this, 'Visualize', {
      site,
      administrators: [administrator],
      readers,
      stores: { SERVED: served },
      removal,
    });

    this.output({
      events_url: [connect.url, 'Send events here, with a Microsoft Entra token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the senders to run it.'],
      state_command: [processing.stateCommand, 'Shows whether the job runs, and when it wrote last. Set resume after it has written.'],
      served_url: [served.url, 'Open a shortcut of a lakehouse here, as one of the readers.'],
      pause_command: [view.pauseCommand, 'Pauses the capacity, which costs money until then.'],
      resume_command: [view.resumeCommand, 'Resumes the capacity. A change of it needs that too.'],
    });
  }
}
