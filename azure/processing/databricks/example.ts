import type { Construct } from 'constructs';
import { packageHandler } from '../../../shared/synth/handler-package';
import { EventHubBuffer } from '../../connect/event-hub/event-hub-buffer';
import { EventHubEntry } from '../../connect/event-hub/event-hub-entry';
import { AzurePlatform, type AzurePlatformProps } from '../../foundation/platform';
import { DataLakeStore } from '../../store/data-lake/data-lake-store';
import { FunctionProcessor } from '../functions/function-processor';
import { DatabricksWorkspace } from './databricks-workspace';

/** Events are buffered by Event Hubs, and stored by Functions in the raw zone of a data lake. Databricks turns them into tables of the curated zone. */
export class AzureDatabricks extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const lake = new DataLakeStore(this, 'Store', { site, removal, notify });
    const [raw, curated] = [lake.zone('raw'), lake.zone('curated')];
    const buffer = new EventHubBuffer(this, 'Buffer', { site, removal, notify });
    const connect = new EventHubEntry(this, 'Connect', { sink: buffer, senders: this.askForSenders() });
    new FunctionProcessor(this, 'Processing', {
      site,
      code: packageHandler('azure/handlers/event-hubs-to-blob'),
      source: buffer,
      stores: { STORE: raw },
      deadLetter: lake.deadLetter,
      notify,
    });
    const spark = new DatabricksWorkspace(this, 'ProcessingSpark', {
      site,
      inputs: { RAW: raw },
      outputs: { CURATED: curated },
      removal,
      notify,
    });

    this.output({
      events_url: [connect.url, 'Send events here, with a Microsoft Entra token.'],
      workspace_url: [spark.workspaceUrl!, 'The workspace, for people and for the provider databricks/databricks.'],
      connector_id: [spark.connector.id, 'The access connector, for a storage credential of Unity Catalog.'],
      identity_id: [spark.identityId, 'The identity of the access connector, for the same credential.'],
      raw_path: [spark.settings.RAW_PATH!, 'The zone that jobs read, for an external location.'],
      curated_path: [spark.settings.CURATED_PATH!, 'The zone that jobs write, for an external location.'],
    });
  }
}
