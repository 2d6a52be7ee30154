import { BigqueryDataset } from '@cdktf/provider-google/lib/bigquery-dataset';
import { BigqueryTable } from '@cdktf/provider-google/lib/bigquery-table';
import { BigqueryTableIamMember } from '@cdktf/provider-google/lib/bigquery-table-iam-member';
import { DataGoogleBigqueryDefaultServiceAccount } from '@cdktf/provider-google/lib/data-google-bigquery-default-service-account';
import { Token } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import { googleKey } from '../../foundation/answers';
import { needApis } from '../../foundation/apis';
import { allowEncrypt } from '../../foundation/encryption';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { TableStore } from '../../ports/stores';
import { type Column, schemaOf, uniqueRows } from './event-table';
import { storeSettings } from './store-settings';

const WRITER =
  'Google has no predefined role that only adds rows. This role can also read and change this table. If a writer must not ' +
  'read, grant a custom role with bigquery.tables.get and bigquery.tables.updateData.';
const GOOGLE_KEY = googleKey('encryptionKey on the store');

/** Settings for {@link BigQueryStore}. */
export interface BigQueryStoreProps {
  /** The project, the region and the prefix of the store. */
  readonly site: Site;
  /**
   * The end of the name of the dataset: 1 to 40 lower-case letters, digits and underscores, starting with a letter. Each store of
   * a site and of a stack needs its own name. In an existing dataset, it is the id of the table. A change of the name is a
   * replacement, which fails unless `removal: 'destroy'` and `destroyData` are set.
   * @default events
   */
  readonly name?: string;
  /**
   * The id of the table, within its dataset. A change is a replacement, as for `name`.
   * @default - `events`, or `name` in an existing dataset
   */
  readonly tableId?: string;
  /**
   * The id of the view, within its dataset.
   * @default - `unique_` and the id of the table
   */
  readonly viewId?: string;
  /**
   * The columns of a row. Fields of a row without a column go into the column `rest`. Only append columns: a change of a type
   * replaces the table, which fails. BigQuery refuses to remove a column, so its data is kept. With `removal: 'destroy'` the column
   * is removed with its data.
   * @default - `subject` and `data_base64`, which are STRING, and `data`, which is JSON
   */
  readonly columns?: readonly Column[];
  /**
   * How long a row is kept after the day of its event, from 1 to 36500 days.
   * @default - for ever
   */
  readonly retentionDays?: number;
  /**
   * How long a changed or deleted row can be restored with time travel, from 2 to 7 days.
   * @default 7
   */
  readonly undeleteWindowDays?: number;
  /**
   * The id of a Cloud KMS key in the region of the site, which encrypts the rows. The BigQuery service agent of the project is
   * granted the use of the key.
   * @default - a Google-managed key, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The id of an existing dataset in the project to create the table in, such as `plants`. Its region, key and time travel
   * window stay unchanged.
   * @default - a new dataset
   */
  readonly datasetId?: string;
  /**
   * What happens to the rows when the stack is deleted. With `retain`, `terraform destroy` fails. `destroy` also requires the
   * context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: a BigQuery table with a partition for each day, and a view on it without the duplicates of retries.
 *
 * Each query must filter on `event_time`. BigQuery accepts no rows for days that are over 1825 days in the past or 366 days in
 * the future: such events go to the dead letter. Do not use it for look-ups or updates of single rows: use a document database.
 * @see https://cloud.google.com/bigquery/docs/write-api-best-practices
 */
export class BigQueryStore extends Construct implements TableStore {
  /** The dataset, if this construct created it. */
  readonly dataset?: BigqueryDataset;
  /** The table that rows are added to. An event that was delivered twice can be in it twice. */
  readonly table: BigqueryTable;
  /** The view to query. It shows each row once. */
  readonly view: BigqueryTable;
  /** The name of the view in a query. */
  readonly viewName: string;

  private readonly project: string;
  private readonly datasetId: string;

  constructor(scope: Construct, id: string, props: BigQueryStoreProps) {
    super(scope, id);
    const { site, retentionDays, datasetId, encryptionKey: kmsKeyName } = props;
    const { project } = site;
    const { name, columns, undeleteWindowDays, tableId, viewId } = storeSettings(this, props);
    const destroy = mayDestroy(this, props.removal);
    if (datasetId === undefined) takeName(this, 'dataset of a site', name, [project, site.prefix]);
    const lifecycle = destroy ? undefined : { preventDestroy: true };
    const encryption = kmsKeyName ? { kmsKeyName } : undefined;
    const agent = () => new DataGoogleBigqueryDefaultServiceAccount(this, 'Agent', { project, dependsOn: [...site.waitFor] }).member;
    const dependsOn = [...site.waitFor, ...allowEncrypt(this, { cryptoKeyId: kmsKeyName, agent })];
    needApis(this, 'bigquery', 'bigquerystorage');
    this.project = project;

    if (datasetId === undefined) {
      this.dataset = new BigqueryDataset(this, 'Dataset', {
        project,
        datasetId: `${site.prefix}_${name}`,
        location: site.region,
        maxTimeTravelHours: String(undeleteWindowDays * 24),
        defaultEncryptionConfiguration: encryption,
        deleteContentsOnDestroy: destroy,
        dependsOn,
        lifecycle,
      });
      keepAddress(this.dataset, name);
    }
    this.datasetId = datasetId ?? this.dataset!.datasetId;
    for (const one of [tableId, viewId]) takeName(this, 'table of a dataset', one, [project, this.datasetId]);
    const address = Token.isUnresolved(this.datasetId) ? name : this.datasetId;
    this.table = new BigqueryTable(this, 'Table', {
      project,
      datasetId: this.datasetId,
      tableId,
      description: 'Events as they came, in no order. An event that came twice is in here twice: query the view.',
      schema: schemaOf(columns),
      timePartitioning: { type: 'DAY', field: 'event_time', expirationMs: retentionDays && retentionDays * 24 * 3600 * 1000 },
      requirePartitionFilter: true,
      clustering: ['event_source', 'event_type'],
      encryptionConfiguration: encryption,
      deletionProtection: !destroy,
      // Without it, any update of the table drops each column that is not in the schema, even with deletion protection.
      ignoreAutoGeneratedSchema: destroy ? undefined : true,
      dependsOn,
      lifecycle,
    });
    keepAddress(this.table, `${address}_${tableId}`);
    this.view = new BigqueryTable(this, 'View', {
      project,
      datasetId: this.datasetId,
      tableId: viewId,
      description: 'Each event once. Say which days to read: WHERE event_time >= ...',
      view: { query: uniqueRows(`${project}.${this.datasetId}.${this.table.tableId}`, columns), useLegacySql: false },
      deletionProtection: !destroy,
    });
    keepAddress(this.view, `${address}_${viewId}`);
    if (this.dataset && !kmsKeyName) acknowledge(this.dataset, { CKV_GCP_81: GOOGLE_KEY });
    if (!kmsKeyName) acknowledge(this.table, { CKV_GCP_80: GOOGLE_KEY });
    acknowledge(this.view, { CKV_GCP_80: 'A view holds no rows. Its table sets the encryption of the rows.' });
    this.viewName = `${project}.${this.datasetId}.${this.view.tableId}`;
  }

  bindWriter(writer: Workload, name: string): Binding {
    const grant = this.allow(writer, `${name}Writer`, 'roles/bigquery.dataEditor', this.table);
    acknowledge(grant, { 'least-privilege': WRITER });
    return { settings: this.settings(name, this.table), waitFor: [grant] };
  }

  /** The reader also needs `roles/bigquery.jobUser` on the project that is billed for its queries. */
  bindReader(reader: Workload, name: string): Binding {
    const role = 'roles/bigquery.dataViewer';
    return {
      settings: this.settings(name, this.view),
      waitFor: [this.allow(reader, `${name}Reader`, role, this.table), this.allow(reader, `${name}ViewReader`, role, this.view)],
    };
  }

  private settings(name: string, table: BigqueryTable) {
    return { [`${name}_PROJECT`]: this.project, [`${name}_DATASET`]: this.datasetId, [`${name}_TABLE`]: table.tableId };
  }

  private allow(workload: Workload, id: string, role: string, table: BigqueryTable): BigqueryTableIamMember {
    const { project, datasetId } = this;
    const { member, forEach } = workload;
    return new BigqueryTableIamMember(workload, id, { project, datasetId, tableId: table.id, role, member, forEach });
  }
}
