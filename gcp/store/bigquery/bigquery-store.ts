import { BigqueryDataset } from '@cdktf/provider-google/lib/bigquery-dataset';
import { BigqueryTable } from '@cdktf/provider-google/lib/bigquery-table';
import { BigqueryTableIamMember } from '@cdktf/provider-google/lib/bigquery-table-iam-member';
import { DataGoogleBigqueryDefaultServiceAccount } from '@cdktf/provider-google/lib/data-google-bigquery-default-service-account';
import { KmsCryptoKeyIamMember } from '@cdktf/provider-google/lib/kms-crypto-key-iam-member';
import { type ITerraformDependable, Token } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { mayDestroy, type Removal } from '../../../shared/synth/settings';
import { googleKey } from '../../foundation/answers';
import { needApis } from '../../foundation/apis';
import { fixAddress, requireUnique } from '../../foundation/names';
import { Propagation } from '../../foundation/propagation';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { TableStore } from '../../ports/stores';
import { type Column, schemaOf, uniqueRows } from './event-table';
import { storeSettings } from './store-settings';

const WRITER =
  'Google has no role of its own for adding rows alone: this one can also read and change the table, and no other. Where a writer must not ' +
  'read, grant a custom role with bigquery.tables.get and bigquery.tables.updateData.';
const GOOGLE_KEY = googleKey('encryptionKey on the store');

/** Settings for {@link BigQueryStore}. */
export interface BigQueryStoreProps {
  /** Where the store stands. */
  readonly site: Site;
  /**
   * The end of the name of the dataset: 1 to 40 lower-case letters, digits and underscores, a letter first. It tells
   * several stores of one site apart. In a dataset that is there already, it is the id of the table. With another name it is another
   * one, and the provider refuses to delete the first without both keys.
   * @default events
   */
  readonly name?: string;
  /**
   * The id of the table, within its dataset. With another id it is another table, as with another `name`.
   * @default - `events`, or `name` in a dataset that is there already
   */
  readonly tableId?: string;
  /**
   * The id of the view, within its dataset.
   * @default - `unique_`, and the id of the table
   */
  readonly viewId?: string;
  /**
   * The columns of a row. What a row has beyond them goes into the column `rest`. Append to them, and nothing else: one that
   * changes its type replaces the table, which is refused. To take one out is refused by BigQuery, so its data stays. With
   * `removal: 'destroy'` its data goes with it.
   * @default - `subject` and `data_base64`, which are STRING, and `data`, which is JSON
   */
  readonly columns?: readonly Column[];
  /**
   * How long a row is kept after the day of its event, from 1 to 36500 days.
   * @default - for ever
   */
  readonly retentionDays?: number;
  /**
   * How long a changed or deleted row can still be brought back, from 2 to 7 days.
   * @default 7
   */
  readonly undeleteWindowDays?: number;
  /**
   * The id of a key in Cloud KMS that encrypts the rows, in the region of the site. The BigQuery agent of the project
   * gets the right to use it.
   * @default - a key that Google keeps, free of charge
   */
  readonly encryptionKey?: string;
  /**
   * The id of an existing dataset in the project, such as `plants`, that the table is made in. Its region, key and undelete
   * window stay as they are.
   * @default - a new dataset
   */
  readonly datasetId?: string;
  /**
   * What happens to the rows when the stack is deleted. With `retain`, `terraform destroy` is refused. `destroy` takes a
   * second key, the context `destroyData`.
   * @default retain
   */
  readonly removal?: Removal;
}

/**
 * Store stage: a BigQuery table with a partition for each day, and a view on it without the duplicates that retries make.
 *
 * Each query must say which days it reads, by `event_time`. BigQuery takes no rows for days over 1825 days past or 366
 * days ahead: such events go to the dead letter. Not for single-row look-ups or updates: a document database serves those.
 * @see https://cloud.google.com/bigquery/docs/write-api-best-practices
 */
export class BigQueryStore extends Construct implements TableStore {
  /** The dataset, when this construct made it. */
  readonly dataset?: BigqueryDataset;
  /** The table that rows are added to. An event that came twice is in it twice. */
  readonly table: BigqueryTable;
  /** What to query: each row once. */
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
    const remedy = 'Set name on one of them.';
    if (datasetId === undefined) requireUnique(this, [project, site.prefix], 'dataset of a site', name, remedy);
    const lifecycle = destroy ? undefined : { preventDestroy: true };
    const encryption = kmsKeyName ? { kmsKeyName } : undefined;
    const dependsOn = [...site.waitFor, ...this.allowEncrypt(site, kmsKeyName)];
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
      fixAddress(this.dataset, name);
    }
    this.datasetId = datasetId ?? this.dataset!.datasetId;
    for (const one of [tableId, viewId]) requireUnique(this, [project, this.datasetId], 'table of a dataset', one, remedy);
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
      // Without it, the provider drops each column that the schema lacks with any update of the table, whatever protects the table.
      ignoreAutoGeneratedSchema: destroy ? undefined : true,
      dependsOn,
      lifecycle,
    });
    fixAddress(this.table, `${address}_${tableId}`);
    this.view = new BigqueryTable(this, 'View', {
      project,
      datasetId: this.datasetId,
      tableId: viewId,
      description: 'Each event once. Say which days to read: WHERE event_time >= ...',
      view: { query: uniqueRows(`${project}.${this.datasetId}.${this.table.tableId}`, columns), useLegacySql: false },
      deletionProtection: !destroy,
    });
    fixAddress(this.view, `${address}_${viewId}`);
    if (this.dataset && !kmsKeyName) acknowledge(this.dataset, { CKV_GCP_81: GOOGLE_KEY });
    if (!kmsKeyName) acknowledge(this.table, { CKV_GCP_80: GOOGLE_KEY });
    acknowledge(this.view, { CKV_GCP_80: 'A view holds no rows. Those of its table are encrypted as the table says.' });
    this.viewName = `${project}.${this.datasetId}.${this.view.tableId}`;
  }

  bindWriter(writer: Workload, name: string): Binding {
    const grant = this.allow(writer, `${name}Writer`, 'roles/bigquery.dataEditor', this.table);
    acknowledge(grant, { 'least-privilege': WRITER });
    return { settings: this.settings(name, this.table), waitFor: [grant] };
  }

  /** The reader also needs the right to run queries, `roles/bigquery.jobUser` on the project that pays for them. */
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

  private allowEncrypt({ project, waitFor }: Site, cryptoKeyId?: string): ITerraformDependable[] {
    if (!cryptoKeyId) return [];
    const { member } = new DataGoogleBigqueryDefaultServiceAccount(this, 'Agent', { project, dependsOn: [...waitFor] });
    const role = 'roles/cloudkms.cryptoKeyEncrypterDecrypter';
    // The agent is read again whenever an API is added, and would take the right away and give it back: it never changes.
    const lifecycle = { ignoreChanges: ['member'] };
    const grant = new KmsCryptoKeyIamMember(this, 'Encrypter', { cryptoKeyId, role, member, lifecycle });
    return [new Propagation(this, 'Propagation', [grant])];
  }
}
