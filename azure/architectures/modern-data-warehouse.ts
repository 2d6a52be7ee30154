import type { Construct } from 'constructs';
import { ask } from '../../shared/synth/ask';
import { DataFactoryCopy } from '../buffer/data-factory/data-factory-copy';
import { AzurePlatform, type AzurePlatformProps } from '../foundation/platform';
import { PRINCIPAL_ID, Principal } from '../foundation/principal';
import { listCommand } from '../foundation/storage/list-command';
import { DatabricksWorkspace } from '../processing/databricks/databricks-workspace';
import { BlobStore } from '../store/blob/blob-store';
import { DataLakeStore } from '../store/data-lake/data-lake-store';

/** Modern data warehouse: files of business systems arrive in a landing store, Data Factory copies each one into the raw zone of a lake, and Databricks makes curated and served tables of them. */
export class AzureModernDataWarehouse extends AzurePlatform {
  constructor(scope: Construct, id: string, props: AzurePlatformProps = {}) {
    super(scope, id, props);
    const { site, removal, notify } = this;

    const landing = new BlobStore(this, 'Connect', { site, name: 'land', expireAfterDays: 30, removal, notify });
    const principalId = ask(this, 'exporter', PRINCIPAL_ID, {
      description: 'The object id of the service principal or the managed identity that exports files into the landing store.',
    });
    landing.bindWriter(new Principal(this, 'Exporter', { principalId }), 'LANDING');
    const lake = new DataLakeStore(this, 'Store', { site, removal, notify });
    const [raw, curated, served] = [lake.zone('raw'), lake.zone('curated'), lake.zone('served')];
    const copy = new DataFactoryCopy(this, 'Buffer', { site, from: landing, to: raw, on: 'created', notify });
    const spark = new DatabricksWorkspace(this, 'Processing', {
      site,
      inputs: { RAW: raw },
      outputs: { CURATED: curated, SERVED: served },
      removal,
      notify,
    });

    this.output({
      upload_command: [
        `az storage blob upload --auth-mode login --account-name ${landing.accountName} --container-name ${landing.container.name} --file FILE`,
        'Uploads one file. You must be the exporter to run it.',
      ],
      factory: [copy.factory.name, 'The factory whose copies the portal shows, under Monitor.'],
      show_command: [
        listCommand(lake.accountName, raw.container.name),
        'Lists what was copied. You need the role Storage Blob Data Reader to run it.',
      ],
      workspace_url: [spark.workspaceUrl!, 'The workspace, for people and for the provider databricks/databricks.'],
      connector_id: [spark.connector.id, 'The access connector, for a storage credential of Unity Catalog.'],
      identity_id: [spark.identityId, 'The identity of the access connector, for the same credential.'],
      raw_path: [spark.settings.RAW_PATH!, 'The zone that jobs read, for an external location.'],
      curated_path: [spark.settings.CURATED_PATH!, 'The zone of the tables that jobs write, for an external location.'],
      served_path: [spark.settings.SERVED_PATH!, 'The zone of the tables that people query, for an external location.'],
    });
  }
}
