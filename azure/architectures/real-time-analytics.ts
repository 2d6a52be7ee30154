import type { Construct } from 'constructs';
import { ask } from '../../shared/synth/ask';
import { packageHandler } from '../../shared/synth/handler-package';
import { EventHubBuffer } from '../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../foundation/platform';
import { PRINCIPAL_ID, Principal } from '../foundation/principal';
import { listCommand } from '../foundation/storage/list-command';
import { FunctionProcessor } from '../processing/functions/function-processor';
import { PER_MINUTE } from '../processing/stream-analytics/per-minute';
import { StreamAnalyticsProcessor } from '../processing/stream-analytics/stream-analytics-processor';
import { CosmosStore } from '../store/cosmos/cosmos-store';
import { DataLakeStore } from '../store/data-lake/data-lake-store';

/** Real-time analytics on big data: Functions store each event as it is in a data lake and as a row in Cosmos DB, and Stream Analytics adds a row for each minute that reports are made from. */
export class AzureRealTimeAnalytics extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const lake = new DataLakeStore(this, 'Store', { site, removal, notify });
    const [raw, curated, served] = [lake.zone('raw'), lake.zone('curated'), lake.zone('served')];
    const rows = new CosmosStore(this, 'StoreHot', { site, retentionDays: 30, removal, notify });
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    const functions = { site, source: buffer, deadLetter: lake.deadLetter, notify };
    new FunctionProcessor(this, 'Processing', {
      ...functions,
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      stores: { STORE: raw },
    });
    new FunctionProcessor(this, 'ProcessingHot', {
      ...functions,
      name: 'hot',
      code: packageHandler('azure/handlers/event-hubs-to-cosmos'),
      stores: { STORE: rows },
    });
    const minutes = new StreamAnalyticsProcessor(this, 'ProcessingMinutes', {
      site,
      source: buffer,
      outputs: { curated, served },
      query: PER_MINUTE,
      notify,
    });
    const principalId = ask(this, 'readers', PRINCIPAL_ID, { description: 'The object id of the group that builds reports.' });
    served.bindReader(new Principal(this, 'Readers', { principalId, principalType: 'Group' }), 'SERVED');

    this.output({
      events_url: [connect.url, 'Send events here, with a Microsoft Entra token.'],
      send_command: [connect.curl, 'Sends one event. You must be one of the senders to run it.'],
      state_command: [minutes.stateCommand, 'Shows whether the job runs, and when it wrote last. Set resume after it has written.'],
      served_url: [served.url, 'Power BI reads the minutes here, as one of the readers.'],
      show_command: [
        listCommand(lake.accountName, served.container.name),
        'Lists the files of minutes. You must be one of the readers to run it.',
      ],
      dead_letters_command: [
        listCommand(lake.accountName, lake.deadLetterContainer.name),
        'Lists what could not be processed. You need the role Storage Blob Data Reader to run it.',
      ],
    });
  }
}
