import { BigqueryDataset } from '@cdktf/provider-google/lib/bigquery-dataset';
import { BigqueryTable } from '@cdktf/provider-google/lib/bigquery-table';
import { type ITerraformDependable, type TerraformResourceLifecycle, Token } from 'cdktf';
import type { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { googleKey } from '../../foundation/answers';
import { needApis } from '../../foundation/apis';
import { KEY_OF_DATASET } from '../../foundation/dataset-key';
import { allowEncrypt } from '../../foundation/encryption';
import type { Site } from '../../ports/site';

const GOOGLE_KEY = googleKey('encryptionKey on the store');

/** What the tables of a store have in common. */
export interface DatasetSettings {
  readonly site: Site;
  /** The end of the name of a new dataset. */
  readonly name: string;
  /** The id of an existing dataset. */
  readonly datasetId?: string;
  /** The id of the key that encrypts the rows. */
  readonly encryptionKey?: string;
  readonly undeleteWindowDays: number;
  /** Whether the rows are deleted with the stack. */
  readonly destroy: boolean;
}

/** A dataset, new or existing, and what its tables are created with. */
export interface Place {
  readonly project: string;
  readonly datasetId: string;
  /** The dataset, if the store creates it. */
  readonly dataset?: BigqueryDataset;
  /** What makes the address of a table in the state unique, together with its id. */
  readonly address: string;
  readonly kmsKeyName?: string;
  readonly destroy: boolean;
  readonly dependsOn: readonly ITerraformDependable[];
  readonly lifecycle?: TerraformResourceLifecycle;
}

/**
 * The dataset of a store: a new one in the region of the site, or an existing one.
 * @param tables the ids of all tables and views of the store
 * @throws SettingError if another store has the name, or one of the tables
 */
export function placeIn(scope: Construct, settings: DatasetSettings, tables: readonly string[]): Place {
  const { site, name, datasetId, encryptionKey: kmsKeyName, undeleteWindowDays, destroy } = settings;
  const { project } = site;
  if (datasetId === undefined) takeName(scope, 'dataset of a site', name, [project, site.prefix]);
  const lifecycle = destroy ? undefined : { preventDestroy: true };
  const dependsOn = [...site.waitFor, ...allowEncrypt(scope, { site, cryptoKeyId: kmsKeyName, services: ['bigquery'] })];
  needApis(scope, 'bigquery', 'bigquerystorage');
  const dataset =
    datasetId === undefined
      ? new BigqueryDataset(scope, 'Dataset', {
          project,
          datasetId: `${site.prefix}_${name}`,
          location: site.region,
          maxTimeTravelHours: String(undeleteWindowDays * 24),
          defaultEncryptionConfiguration: kmsKeyName ? { kmsKeyName } : undefined,
          deleteContentsOnDestroy: destroy,
          dependsOn,
          lifecycle,
        })
      : undefined;
  if (dataset) keepAddress(dataset, name);
  if (dataset && !kmsKeyName) acknowledge(dataset, { CKV_GCP_81: GOOGLE_KEY });
  const id = datasetId ?? dataset!.datasetId;
  for (const one of tables) takeName(scope, 'table of a dataset', one, [project, id]);
  const address = Token.isUnresolved(id) ? name : id;
  return { project, datasetId: id, dataset, address, kmsKeyName, destroy, dependsOn, lifecycle };
}

/** What is special about a table of rows. */
export interface RowTable {
  readonly tableId: string;
  readonly description: string;
  /** The schema, in the JSON of the API. */
  readonly schema: string;
  /**
   * The TIMESTAMP column with the day of the partition, which each query must filter on.
   * @default - no partitions
   */
  readonly partitionedBy?: string;
  readonly clustering?: readonly string[];
  /** The columns of the primary key. A row replaces the one with the same key. */
  readonly key?: readonly string[];
  /** How old the rows that a query reads may be. A query that must not read older ones applies changes first, and is billed for it. */
  readonly maxStalenessMinutes?: number;
  /** How many days a row is kept after its day. */
  readonly retentionDays?: number;
}

/** A table of rows, which keeps its address. */
export function rowTable(scope: Construct, id: string, place: Place, table: RowTable): BigqueryTable {
  const { project, datasetId, dataset, address, kmsKeyName, destroy, dependsOn, lifecycle } = place;
  const { tableId, description, schema, partitionedBy: field, clustering, retentionDays, key, maxStalenessMinutes } = table;
  const made = new BigqueryTable(scope, id, {
    project,
    datasetId,
    tableId,
    description,
    schema,
    // 0 is for ever. Without it, a retention that is taken out would stay: hashicorp/terraform-provider-google#15626.
    timePartitioning: field ? { type: 'DAY', field, expirationMs: (retentionDays ?? 0) * 24 * 3600 * 1000 } : undefined,
    requirePartitionFilter: field ? true : undefined,
    clustering: clustering && [...clustering],
    tableConstraints: key && { primaryKey: { columns: [...key] } },
    maxStaleness: maxStalenessMinutes === undefined ? undefined : interval(maxStalenessMinutes),
    encryptionConfiguration: kmsKeyName ? { kmsKeyName } : undefined,
    deletionProtection: !destroy,
    // Without it, any update of the table drops each column that is not in the schema, even with deletion protection.
    ignoreAutoGeneratedSchema: destroy ? undefined : true,
    dependsOn: [...dependsOn],
    lifecycle: dataset ? lifecycle : { ...KEY_OF_DATASET, ...lifecycle },
  });
  keepAddress(made, `${address}_${tableId}`);
  if (!kmsKeyName) acknowledge(made, { CKV_GCP_80: GOOGLE_KEY });
  return made;
}

/** An INTERVAL of BigQuery: years and months, days, then hours, minutes and seconds. */
function interval(minutes: number): string {
  return `0-0 0 ${Math.floor(minutes / 60)}:${minutes % 60}:0`;
}

/** What is special about a view. */
export interface RowView {
  readonly viewId: string;
  readonly description: string;
  readonly query: string;
  /** Whether a change of the columns may delete it. */
  readonly mayEnd?: boolean;
}

/** A view, in the dataset of its table. */
export function viewOf(scope: Construct, id: string, place: Place, { viewId, description, query, mayEnd }: RowView): BigqueryTable {
  const { project, datasetId, address, destroy } = place;
  const view = new BigqueryTable(scope, id, {
    project,
    datasetId,
    tableId: viewId,
    description,
    view: { query, useLegacySql: false },
    deletionProtection: !destroy && !mayEnd,
    lifecycle: KEY_OF_DATASET,
  });
  keepAddress(view, `${address}_${viewId}`);
  acknowledge(view, {
    CKV_GCP_80: 'A view holds no rows. Its table sets the encryption of the rows.',
    ...(mayEnd ? { CKV_GCP_121: 'It holds no rows, and a change of the columns may delete it.' } : {}),
  });
  return view;
}
